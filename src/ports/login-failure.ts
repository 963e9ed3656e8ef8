/** `none`: nobody is logged in; `unreachable`: whether the login is good could not be asked. */
export type LoginFailureKind = "none" | "refused" | "unreachable";

/** Why an identity service gave no token, in words that hold no token, and what to do next. */
export class LoginFailure extends Error {
  override readonly name = "LoginFailure";
  readonly kind: LoginFailureKind;
  readonly hint: string;

  constructor(kind: LoginFailureKind, message: string, hint: string) {
    super(message);
    this.kind = kind;
    this.hint = hint;
  }
}
