import type { NodeId } from "@gridward/core/base/identity";
import { assert, err, ok, type Result } from "@gridward/core/base/result";
import {
  answerArbiter,
  type ArbiterAnswer,
  type ArbiterEntry,
  type ArbiterRecord,
  type ArbiterRequest,
  type ArbiterStep,
} from "@gridward/core/domain/arbiter";
import { parseRecord } from "@gridward/core/domain/witness-message";
import { type SlotPlace, TwoSlotFile } from "@gridward/runtime/os/two-slot-file";

/** A write that was accepted: what the register said before, and says now. */
export interface RegisterChange {
  readonly before: ArbiterRecord | null;
  readonly after: ArbiterRecord;
  /** Server that asked for it. */
  readonly by: NodeId;
}

/** How the register was found: `damaged` is blank, and somebody should know why. */
export type RegisterState = "kept" | "blank" | "damaged";

export interface OpenedRegister {
  readonly register: Register;
  readonly state: RegisterState;
  /** Name of a slot that cannot be read beside one that can. */
  readonly damagedSlot: string | null;
}

/**
 * The register, durable before the answer. Both slots hold the same record between two writes, so
 * that one which rots does not bring an older record back. A damaged register is a blank one: it
 * abstains until an operator fills it again (amnesia, research §2.7).
 */
export class Register {
  readonly #place: SlotPlace<ArbiterRecord>;
  readonly #onChange: (change: RegisterChange) => void;
  #file: TwoSlotFile<ArbiterRecord> | undefined;
  #hasFailed = false;

  private constructor(
    place: SlotPlace<ArbiterRecord>,
    file: TwoSlotFile<ArbiterRecord> | undefined,
    onChange: (change: RegisterChange) => void,
  ) {
    this.#place = place;
    this.#file = file;
    this.#onChange = onChange;
  }

  /** Refused where a later release wrote it: an older one must not guess what it means. */
  static open(
    directory: string,
    onChange: (change: RegisterChange) => void,
  ): Result<OpenedRegister, "unsupported"> {
    const place = { directory, name: "register", parse: parseRecord };
    const opened = TwoSlotFile.open(place);
    if (opened.ok) {
      const { file, damaged } = opened.value;
      const register = new Register(place, file, onChange);
      return ok({ register, state: "kept", damagedSlot: damaged });
    }
    if (opened.error === "unsupported") return err("unsupported");
    const register = new Register(place, undefined, onChange);
    const state = opened.error === "absent" ? "blank" : "damaged";
    return ok({ register, state, damagedSlot: null });
  }

  get record(): ArbiterRecord | null {
    return this.#file?.record ?? null;
  }

  /** Throws an error of the disk: then nobody knows what was written, and the process must end. */
  answer(request: ArbiterRequest, by: NodeId): ArbiterAnswer {
    return this.#keep(answerArbiter(this.record, request), by);
  }

  /**
   * On an operator's word, proved by the code: fills a blank register, and brings one of the same
   * system up to its Main. A later term, or another owner of the same one, still stands, and so does
   * what was written since that Main looked: it may have let a server go by it (R2). Either way the
   * version goes beyond `seen`, or the servers would take it for an old copy.
   */
  seed(next: ArbiterEntry, seen: number, by: NodeId): ArbiterAnswer {
    const before = this.record;
    const present = before?.version ?? 0;
    const judged = answerArbiter(before, { kind: "cas", version: present, next });
    if (before !== null && judged.answer.kind !== "record") return judged.answer;
    if (before?.term === next.term && present > seen) return { kind: "conflict", record: before };
    const version = Math.max(present, seen);
    return this.#keep(answerArbiter(null, { kind: "seed", version, next }), by);
  }

  #keep({ record, answer }: ArbiterStep, by: NodeId): ArbiterAnswer {
    const before = this.record;
    if (record !== null && record !== before) {
      this.#write(record);
      this.#onChange({ before, after: record, by });
    }
    return answer;
  }

  #write(record: ArbiterRecord): void {
    assert(!this.#hasFailed, "nothing is promised after a failure of the disk");
    this.#hasFailed = true;
    if (this.#file === undefined) this.#file = TwoSlotFile.create(this.#place, record);
    else this.#file.write(record);
    this.#file.write(record);
    this.#hasFailed = false;
  }
}
