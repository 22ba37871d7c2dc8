//! The list of all settings. The flags and their help, the keys of the file, `turnscope config` and
//! docs/configuration.md are generated from it.

/// Which commands have a setting as a flag.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Used {
    /// `serve` and `demo`.
    Serve,
    /// Commands that read data.
    Read,
    /// Both.
    Both,
}

/// One setting.
pub(crate) struct Setting {
    /// The name of the flag without dashes. In the file it has underscores; the variable is `TURNSCOPE_…`.
    pub(crate) name: &'static str,
    /// Other variables that set it, in order of precedence.
    pub(crate) env: &'static [&'static str],
    /// The placeholder for the value in help texts; empty for a switch.
    pub(crate) value: &'static str,
    /// The default, or its description; empty if there is none.
    pub(crate) default: &'static str,
    /// The description.
    pub(crate) help: &'static str,
    pub(crate) used: Used,
    /// Whether it can be given several times.
    pub(crate) many: bool,
    /// Whether the value is hidden.
    pub(crate) secret: bool,
    /// Whether `./turnscope.toml` may set it without being named. It may be a stranger's file, so it never names a
    /// server, a file to write or a data directory, never sets a key, and never weakens protection or deletes data.
    pub(crate) is_harmless: bool,
}

const BASE: Setting = Setting {
    name: "",
    env: &[],
    value: "",
    default: "",
    help: "",
    used: Used::Serve,
    many: false,
    secret: false,
    is_harmless: false,
};

/// Default of the data directory.
pub(crate) const PLATFORM: &str = "the platform's data directory";

/// All settings, in display order.
pub(crate) const SETTINGS: &[Setting] = &[
    Setting {
        name: "profile",
        env: &["TRACE_PROFILE"],
        value: "NAME",
        default: "development",
        help: "The profile, which sets defaults: production, development or debug",
        used: Used::Both,
        ..BASE
    },
    Setting {
        name: "data",
        env: &["TRACE_DB_PATH"],
        value: "DIR",
        default: PLATFORM,
        help: "The data directory",
        used: Used::Both,
        ..BASE
    },
    Setting {
        name: "server",
        value: "URL",
        help: "The server to connect to, such as http://127.0.0.1:8000. If absent, the server that owns the data directory, or the directory itself",
        used: Used::Read,
        ..BASE
    },
    Setting {
        name: "listen",
        value: "ADDR",
        default: "127.0.0.1:8000",
        help: "Address of the UI, the REST API and OTLP/HTTP; port 0 picks a free port",
        is_harmless: true,
        ..BASE
    },
    Setting {
        name: "host",
        env: &["TRACE_API_HOST"],
        value: "IP",
        help: "The host part of --listen",
        is_harmless: true,
        ..BASE
    },
    Setting {
        name: "port",
        env: &["TRACE_API_PORT"],
        value: "PORT",
        help: "The port part of --listen",
        is_harmless: true,
        ..BASE
    },
    Setting {
        name: "otlp-grpc",
        value: "ADDR",
        default: "127.0.0.1:4317",
        help: "Address of OTLP/gRPC",
        is_harmless: true,
        ..BASE
    },
    Setting {
        name: "otlp-http",
        value: "ADDR",
        default: "127.0.0.1:4318",
        help: "Address of OTLP/HTTP",
        is_harmless: true,
        ..BASE
    },
    Setting {
        name: "ready-file",
        value: "PATH",
        help: "Write the addresses to this file, as JSON, once all ports are open",
        ..BASE
    },
    Setting {
        name: "api-key",
        env: &["TRACE_API_KEY"],
        value: "KEY",
        help: "The API key for senders and readers. Prefer the environment variable: command lines are visible to other users",
        used: Used::Both,
        secret: true,
        ..BASE
    },
    Setting {
        name: "api-key-file",
        env: &["TRACE_API_KEY_FILE"],
        value: "PATH",
        help: "A file that holds the API key, such as a mounted secret. Whitespace around the key is ignored",
        used: Used::Both,
        ..BASE
    },
    Setting {
        name: "api-key-required",
        env: &["TRACE_API_KEY_REQUIRED"],
        default: "true if a key is set",
        help: "true: refuse to start without a key; false: accept requests without a key",
        ..BASE
    },
    Setting {
        name: "allow-public-without-key",
        default: "false",
        help: "Allow listening on other interfaces than loopback without a key: anyone who can reach the port can read everything",
        ..BASE
    },
    Setting {
        name: "allowed-host",
        value: "NAME",
        help: "A host name to which a server without a key answers, beside localhost and the addresses it listens on. Repeatable",
        many: true,
        ..BASE
    },
    Setting {
        name: "cors-origin",
        value: "ORIGIN",
        help: "An origin whose web pages may use the API; * for all. Repeatable",
        many: true,
        ..BASE
    },
    Setting {
        name: "content-store",
        value: "URL",
        help: "A directory or bucket (file:///DIR, s3://BUCKET/PREFIX, gs://…, az://…) from which large contents stored by \
               clients are read. Buckets need a build with the feature cloud-content-stores. Repeatable",
        many: true,
        ..BASE
    },
    Setting {
        name: "max-body-bytes",
        value: "SIZE",
        default: "64MiB",
        help: "Maximum size of a request body, before and after decompression",
        is_harmless: true,
        ..BASE
    },
    Setting {
        name: "redact",
        value: "default|off",
        default: "default",
        help: "Whether to redact secrets in received data",
        ..BASE
    },
    Setting {
        name: "redact-keys",
        env: &["TRACE_REDACT_KEYS"],
        value: "KEYS",
        help: "Further keys whose values to redact, comma-separated",
        many: true,
        is_harmless: true,
        ..BASE
    },
    Setting {
        name: "redact-patterns",
        env: &["TRACE_REDACT_PATTERNS"],
        value: "REGEXES",
        help: "Further regular expressions to redact, separated by commas outside brackets",
        many: true,
        is_harmless: true,
        ..BASE
    },
    Setting {
        name: "retention-days",
        env: &["TRACE_RETENTION_DAYS"],
        value: "DAYS",
        default: "0",
        help: "Delete traces that were received more than this many days ago, hourly; 0 keeps everything",
        ..BASE
    },
    Setting {
        name: "retention-max-bytes",
        env: &["TRACE_RETENTION_MAX_BYTES"],
        value: "SIZE",
        default: "0",
        help: "Delete the oldest traces until the rest fits into this size, hourly; 0 means no limit",
        ..BASE
    },
    Setting {
        name: "retention-rules",
        value: "FILE",
        default: "retention.toml in the data directory",
        help: "Your own rules: what is kept for how long, by service, agent, tag or score",
        used: Used::Both,
        ..BASE
    },
    Setting {
        name: "audit",
        value: "off|received",
        default: "off",
        help: "received: write an audit record for each received run and policy decision (docs/audit.md)",
        ..BASE
    },
    Setting {
        name: "audit-key",
        value: "HEX",
        help: "The audit trail's key, 64 hex digits. If absent, the file audit.key in the data directory. Prefer the environment variable: command lines are visible to other users",
        secret: true,
        ..BASE
    },
    Setting {
        name: "audit-retention-days",
        value: "DAYS",
        default: "0",
        help: "Prune audit records older than this many days, hourly, leaving a signed checkpoint; 0 keeps everything",
        ..BASE
    },
    Setting {
        name: "silence",
        value: "TIME",
        default: "10m",
        help: "A run without an end becomes incomplete if nothing is received for this long",
        used: Used::Both,
        is_harmless: true,
        ..BASE
    },
    Setting {
        name: "pricing",
        value: "FILE",
        default: "pricing.toml in the data directory",
        help: "Your own model prices, which take precedence over the bundled ones",
        used: Used::Both,
        ..BASE
    },
    Setting {
        name: "dialects",
        value: "FILE",
        default: "dialects.toml in the data directory",
        help: "Your own rules for attributes that the built-in dialects do not know",
        used: Used::Both,
        ..BASE
    },
    Setting {
        name: "search",
        value: "on|off",
        default: "on",
        help: "Whether to index contents for search",
        is_harmless: true,
        ..BASE
    },
    Setting {
        name: "ui",
        env: &["TRACE_UI_ENABLED"],
        value: "on|off",
        default: "on",
        help: "Whether to serve the UI",
        is_harmless: true,
        ..BASE
    },
    Setting {
        name: "ui-path",
        env: &["TRACE_UI_PATH"],
        value: "PATH",
        default: "/ui/",
        help: "The URL path of the UI",
        is_harmless: true,
        ..BASE
    },
    Setting {
        name: "path-prefix",
        value: "PATH",
        help: "The path under which a reverse proxy serves Turnscope, when the proxy takes it off and sends no X-Forwarded-Prefix",
        is_harmless: true,
        ..BASE
    },
    Setting {
        name: "span-metric-dimension",
        value: "ATTRIBUTE",
        help: "An attribute of spans, else of their resource, to use as a further label of the span metrics at /metrics. Repeatable",
        many: true,
        is_harmless: true,
        ..BASE
    },
    Setting {
        name: "log-level",
        env: &["TRACE_LOG_LEVEL", "OTEL_LOG_LEVEL"],
        value: "LEVEL",
        default: "info",
        help: "off, error, warn, info, debug, trace, or a filter such as turnscope_server=debug",
        is_harmless: true,
        ..BASE
    },
    Setting {
        name: "log-format",
        value: "text|json",
        default: "text",
        help: "The format of log lines",
        is_harmless: true,
        ..BASE
    },
    Setting {
        name: "log-path",
        env: &["TRACE_LOG_PATH"],
        value: "PATH",
        default: "stderr",
        help: "The file to append the log to",
        ..BASE
    },
];

/// A profile's name, description and values.
pub(crate) type Profile = (&'static str, &'static str, &'static [(&'static str, &'static str)]);

/// All profiles.
pub(crate) const PROFILES: &[Profile] = &[
    (
        "production",
        "requires a key, and logs in JSON",
        &[("api-key-required", "true"), ("log-format", "json")],
    ),
    ("development", "the defaults", &[]),
    ("debug", "logs everything", &[("log-level", "debug")]),
];

impl Setting {
    /// The setting of this name.
    pub(crate) fn by_name(name: &str) -> Option<&'static Self> {
        SETTINGS.iter().find(|setting| setting.name == name)
    }

    /// Its variable.
    pub(crate) fn variable(&self) -> String {
        format!("TURNSCOPE_{}", self.name.replace('-', "_").to_uppercase())
    }

    /// Its key in the file.
    pub(crate) fn key(&self) -> String {
        self.name.replace('-', "_")
    }

    /// Whether it is a switch: true or false, and true without a value.
    pub(crate) fn is_switch(&self) -> bool {
        self.value.is_empty()
    }
}
