import { EventEmitter } from "node:events";

import { Change, ErrorKind, InboxEvent, Message, Methods, Page, Wire } from "./contract.js";

export * from "./contract.js";

declare global {
  // For compilers and libraries that don't know it yet.
  interface SymbolConstructor {
    readonly asyncDispose: unique symbol;
  }
}

/** What any call's parameters may also hold. */
export interface Meta {
  _meta?: {
    /** After so many milliseconds the program itself gives the call up, with `deadline_exceeded`. */
    timeout_ms?: number;
    progressToken?: string | number;
  };
}

/** What a call may be given; anything else is a TypeError. */
export interface CallOptions {
  /**
   * When it aborts, the call rejects with its reason at once, and the program is told to cancel. As with
   * `fetch`, what was aborted may have been done all the same. One signal serves any number of calls.
   */
  signal?: AbortSignal;
  /** Milliseconds after which the call rejects with a DeadlineExceededError; 0: none. */
  timeout?: number;
  /** Hears how far a long call is. */
  onProgress?: (progress: { done: number; total: number }) => void;
}

/** For `call`: the result as the program wrote it. */
export interface RawOptions extends CallOptions {
  /** The call resolves with the JSON text of its result, with all digits of its numbers. */
  raw: true;
}

/** What following an inbox may be given besides. */
export interface FollowOptions extends CallOptions {
  /** Milliseconds of nothing after which null comes, so that a host can see whether anybody still listens. */
  idle?: number;
}

/** An inbox of a subscription as of the last event that its host took. */
export interface Place {
  /** Absent for the account. */
  team_id?: string;
  cursor: string;
  total: number;
  count: number;
  unseen: number;
}

/** What `subscribe` gives: an async iterator that can also be asked where it is. */
export interface Subscription<Event> extends AsyncGenerator<Event, void, undefined> {
  /** Subscribes now, which else the first step does, and resolves with each inbox, its cursor and its numbers. */
  start(): Promise<Place[]>;
  /**
   * Each inbox with its cursor as of the last event that this iterator gave: as `inboxes` of the parameters it goes on
   * from there, in any process.
   */
  readonly inboxes: { team_id?: string; cursor?: string }[];
}

/** What a start may be given; anything else is a TypeError. */
export interface StartOptions {
  /**
   * Where messages are kept: `sqlite:PATH`, `memory:`, or the URL object of a file; without it TIDINGS_STORE, or the
   * program's default.
   */
  store?: string | URL;
  /** The program's path or name. Without it: TIDINGS_BIN, this package's bin folder, PATH. */
  program?: string;
  /** More options of the program, as `["--log-level", "warning"]`, or `["--user", "ann"]`: what it may ask. */
  args?: string[];
  /** The program's working directory. */
  cwd?: string | URL;
  /** The program's environment; the host's own by default. */
  env?: Record<string, string | undefined>;
  /** Milliseconds that each call may take unless it says otherwise; without it, any time. */
  timeout?: number;
  /**
   * Milliseconds in which the program must answer once after each of its starts; then it and whatever it started is
   * ended. Default: 30,000.
   */
  startTimeout?: number;
  /** How often in a row the program is started again without an answer in between. Default: 5; 0: never. */
  restarts?: number;
  /** Milliseconds before the second start in a row; doubles up to 5,000. Default: 100. */
  backoff?: number;
  /** Hears each line of the program's log, from its start on; the event `stderr` is the same, later. */
  onStderr?: (line: string) => void;
}

/** What others wrote as one line of plain text, without control characters: for terminals and logs. */
export function plain(text: string | null | undefined): string;

/** Who wrote a message: the user_id, and beside it the display name, which its sender chose; as plain text. */
export function sender(message: { user_id?: string; username?: string }): string;

/** How a program ended. */
export interface Exit {
  status: number | null;
  signal: string | null;
  /** Why it could not be started. */
  cause?: Error;
  /** What it wrote that is no answer. */
  fault: string | null;
  /** The last lines of its log. */
  lastWords: string[];
}

export interface Events {
  /** A line of the program's log. */
  stderr: [line: string];
  /** The program ended, and the client had not asked for it. */
  exit: [exit: Exit];
  /** It runs again and has answered; calls under way are sent to it. */
  restart: [what: { attempt: number; pid: number | null }];
  /** The program said something unasked. */
  notification: [what: { method: string; params?: unknown }];
}

export interface Tidings extends Methods {
  on<E extends keyof Events>(event: E, listener: (...values: Events[E]) => void): this;
  once<E extends keyof Events>(event: E, listener: (...values: Events[E]) => void): this;
  off<E extends keyof Events>(event: E, listener: (...values: Events[E]) => void): this;
}

/**
 * A program `tidings`, looked after: when it ends, it is started again and gets every call that has no answer
 * yet. A call under way keeps the host running; an idle client doesn't.
 */
export class Tidings extends EventEmitter {
  private constructor();

  /**
   * Starts the program and resolves once it has answered; rejects with a ProgramNotFoundError, ProcessDiedError,
   * StartTimeoutError or IncompatibleProgramError if it can't.
   */
  static start(options?: StartOptions): Promise<Tidings>;

  /** The running program's process id; null while there is none. */
  readonly pid: number | null;

  /** From now on the running program keeps the host running, also with no call under way. */
  ref(): this;

  /** From now on, as at the start, only a call under way keeps the host running. */
  unref(): this;

  /** Calls a method by its name on the wire, also one that this client doesn't know. */
  call<M extends keyof Wire>(method: M, params: Wire[M]["params"] | null | undefined, options: RawOptions): Promise<string>;
  call(method: string, params: object | null | undefined, options: RawOptions): Promise<string>;
  call<M extends keyof Wire>(
    method: M,
    params?: Wire[M]["params"] | null,
    options?: CallOptions,
  ): Promise<Wire[M]["result"]>;
  call(method: string, params?: object | null, options?: CallOptions): Promise<unknown>;

  /**
   * The pages of a listing, from the first, or the one at `cursor` or `pageNo`, on. `return()` ends it at once, also
   * while a page is on its way.
   */
  pages<M extends "get_team_message" | "get_account_message">(
    method: M,
    params: Wire[M]["params"],
    options?: CallOptions,
  ): AsyncGenerator<Page, void, undefined>;

  /** The messages of a team inbox, page by page as they are needed. */
  teamMessages(
    params: Wire["get_team_message"]["params"],
    options?: CallOptions,
  ): AsyncGenerator<Message, void, undefined>;

  /** The messages of an account inbox, page by page as they are needed. */
  accountMessages(
    params: Wire["get_account_message"]["params"],
    options?: CallOptions,
  ): AsyncGenerator<Message, void, undefined>;

  /**
   * Change after change of an inbox, and waits for each, for ever; ends by `break`, by `return()` at once also
   * while it waits, by `signal`, or with an error:
   * `getChanges` again and again, each from where the last answer ended, across restarts of the program. Without
   * a `cursor` it begins with the present of its first step. Each change has the cursor from which a host goes
   * on that has taken it in.
   */
  changes(
    params: Wire["get_changes"]["params"],
    options: FollowOptions & { idle: number },
  ): AsyncGenerator<Change | null, void, undefined>;
  changes(
    params: Wire["get_changes"]["params"],
    options?: CallOptions,
  ): AsyncGenerator<Change, void, undefined>;

  /**
   * Event after event of one inbox, or of up to 1,000 (`inboxes`), for ever; begins with its first step, with the
   * present of those without a cursor. It outlives the program: a new one goes on from the last cursor of each inbox,
   * so nothing is missed and nothing comes twice. A host that takes no events has a bounded number of them in memory,
   * and the rest later. `lagged` comes only where a cursor is too old to go on from. Ends by `break`, by `return()` at
   * once also while it waits, by `signal`, or with an error; then the program tells no more. Who waits for an event
   * keeps the host running. `timeout` is for the answer to its beginning.
   */
  subscribe(
    params: Wire["subscribe"]["params"],
    options: FollowOptions & { idle: number },
  ): Subscription<InboxEvent | null>;
  subscribe(params: Wire["subscribe"]["params"], options?: CallOptions): Subscription<InboxEvent>;

  /** Waits for the calls under way and ends the program; after `timeout` ms (10,000) by force. */
  close(options?: { timeout?: number }): Promise<void>;

  /** `close`, for `await using`, where the runtime has it. */
  [Symbol.asyncDispose](): Promise<void>;
}

/** What a call rejects with. */
export class TidingsError extends Error {
  /** JSON-RPC's code; 0 where the error is one of the client's own. */
  readonly code: number;
  /** The reason, stable, for programs. A newer program may have more of them. */
  readonly kind: ErrorKind | (string & {});
  /** Whether the same call may succeed later. */
  readonly retryable: boolean;
  readonly details: Record<string, unknown>;
  /** A JSON Pointer to the parameter at fault. */
  readonly pointer: string | null;
  /** The method called, by its name on the wire. */
  readonly method: string | null;
}
