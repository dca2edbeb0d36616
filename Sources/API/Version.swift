/// The program's version, as `--version`, `initialize` and `get_status` report it.
public let tidingsVersion = "0.1.0"
