/// The program's version, as `--version`, `initialize` and `get_status` give it.
public let tidingsVersion = "0.1.0"
