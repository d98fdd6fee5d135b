import { againstRule, alreadySo, notFound, toOperator, type RefusalSpec } from "./refusal-spec.ts";

/** Changes that a server held beyond a fork, and people's judgement on them (HS9). */
export const setAsideRefusals = {
  "tail.not-found": {
    ...notFound,
    ...toOperator,
    says: "No change that was set aside has this id.",
    remedy: "Run `gridward pair set-aside list` to see them.",
  },
  "tail.several": {
    ...againstRule,
    ...toOperator,
    says: "More than one change that was set aside begins with this id.",
    remedy: "Give the whole id as `gridward pair set-aside list` shows it.",
  },
  "tail.judged": {
    ...alreadySo,
    ...toOperator,
    says: "Somebody has judged this change already.",
    remedy: "Run `gridward pair set-aside show ID` to see who, when and why.",
  },
  "tail.conflict": {
    ...againstRule,
    ...toOperator,
    says: "The same thing was changed in the system since, in another way.",
    remedy: "Compare the two, make the change that is right, and reject this one with a reason.",
  },
  "tail.not-repeatable": {
    ...againstRule,
    ...toOperator,
    says: "A change of this kind cannot be made again.",
    remedy: "Do anew what it did, for example join the server again, and reject this one.",
  },
  "tail.no-reason": {
    ...againstRule,
    ...toOperator,
    says: "A rejection needs a reason of 1 to 256 characters on one line.",
    remedy: "Say why with `--reason TEXT`.",
  },
  "tail.already-recorded": {
    ...alreadySo,
    ...toOperator,
    says: "The system holds this change that was set aside already.",
    remedy: "Nothing needs to be done.",
  },
  "tail.malformed": {
    ...againstRule,
    ...toOperator,
    says: "This is no change that a server of this system set aside.",
    remedy: "Run `gridward doctor DIR` on the server that holds its file.",
  },
} as const satisfies Record<string, RefusalSpec>;
