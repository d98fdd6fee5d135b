const hidden = "[secret]";

/**
 * A value that must not be printed. Logging, JSON and string templates all give `[secret]`;
 * only `reveal` gives the value, so every use can be found.
 */
export class Secret<Value> {
  readonly #value: Value;

  constructor(value: Value) {
    this.#value = value;
  }

  reveal(): Value {
    return this.#value;
  }

  toString(): string {
    return hidden;
  }

  toJSON(): string {
    return hidden;
  }

  /** Node's inspect looks for this symbol in the global registry; core needs no Node for it. */
  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return hidden;
  }
}
