//! The one list of settings. The flags and their help, the keys of the file, `turnscope config` and the page
//! docs/configuration.md all come from it.

/// Which commands take a setting as a flag.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Used {
    /// `serve` and `demo`.
    Serve,
    /// Commands that read.
    Read,
    /// All of these.
    Both,
}

/// One setting.
pub(crate) struct Setting {
    /// The flag without its dashes; in the file with underscores; in the environment as `TURNSCOPE_…`.
    pub(crate) name: &'static str,
    /// Further variables that set it, the stronger first.
    pub(crate) env: &'static [&'static str],
    /// What stands for the value in help; empty for a switch.
    pub(crate) value: &'static str,
    /// The default in words or as it would be written; empty when there is none.
    pub(crate) default: &'static str,
    /// What it does.
    pub(crate) help: &'static str,
    pub(crate) used: Used,
    /// It may be given several times.
    pub(crate) many: bool,
    /// It never shows itself.
    pub(crate) secret: bool,
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
};

/// Where the data directory is when nothing says.
pub(crate) const PLATFORM: &str = "the platform's data directory";

/// Every setting, in the order in which they are shown.
pub(crate) const SETTINGS: &[Setting] = &[
    Setting {
        name: "profile",
        env: &["TRACE_PROFILE"],
        value: "NAME",
        default: "development",
        help: "Which defaults to start from: production, development or debug",
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
        help: "The server to ask, such as http://127.0.0.1:8000; without it the owner of the data directory, or the directory itself",
        used: Used::Read,
        ..BASE
    },
    Setting {
        name: "listen",
        value: "ADDR",
        default: "127.0.0.1:8000",
        help: "Address of the UI, REST and OTLP/HTTP; port 0 takes a free one",
        ..BASE
    },
    Setting {
        name: "host",
        env: &["TRACE_API_HOST"],
        value: "IP",
        help: "The host part of --listen",
        ..BASE
    },
    Setting {
        name: "port",
        env: &["TRACE_API_PORT"],
        value: "PORT",
        help: "The port part of --listen",
        ..BASE
    },
    Setting {
        name: "otlp-grpc",
        value: "ADDR",
        default: "127.0.0.1:4317",
        help: "Address of OTLP/gRPC",
        ..BASE
    },
    Setting {
        name: "otlp-http",
        value: "ADDR",
        default: "127.0.0.1:4318",
        help: "Address of OTLP/HTTP",
        ..BASE
    },
    Setting {
        name: "ready-file",
        value: "PATH",
        help: "Write the addresses there, as JSON, once every port listens",
        ..BASE
    },
    Setting {
        name: "api-key",
        env: &["TRACE_API_KEY"],
        value: "KEY",
        help: "The key that senders and readers must show; better set in the environment than typed",
        used: Used::Both,
        secret: true,
        ..BASE
    },
    Setting {
        name: "api-key-required",
        env: &["TRACE_API_KEY_REQUIRED"],
        default: "true when a key is set",
        help: "Refuse to start without a key; false: a key is not asked for",
        ..BASE
    },
    Setting {
        name: "allow-public-without-key",
        default: "false",
        help: "Listen beyond loopback although no key is set: anyone who reaches the port reads everything",
        ..BASE
    },
    Setting {
        name: "cors-origin",
        value: "ORIGIN",
        help: "An origin whose pages may send and read; * for all. Repeatable",
        many: true,
        ..BASE
    },
    Setting {
        name: "content-store",
        value: "URL",
        help: "A directory or bucket (file:///DIR, s3://BUCKET/PREFIX, gs://…, az://…) from which contents that \
               clients put there are read back. Repeatable",
        many: true,
        ..BASE
    },
    Setting {
        name: "max-body-bytes",
        value: "SIZE",
        default: "64MiB",
        help: "The largest body taken, before and after decompression",
        ..BASE
    },
    Setting {
        name: "redact",
        value: "default|off",
        default: "default",
        help: "Whether secrets are taken out at receipt",
        ..BASE
    },
    Setting {
        name: "redact-keys",
        env: &["TRACE_REDACT_KEYS"],
        value: "KEYS",
        help: "Further keys whose values are redacted, separated by commas",
        many: true,
        ..BASE
    },
    Setting {
        name: "redact-patterns",
        env: &["TRACE_REDACT_PATTERNS"],
        value: "REGEXES",
        help: "Further shapes that are redacted, separated by commas outside brackets",
        many: true,
        ..BASE
    },
    Setting {
        name: "retention-days",
        env: &["TRACE_RETENTION_DAYS"],
        value: "DAYS",
        default: "0",
        help: "Delete what ended longer ago, hourly; 0 keeps everything",
        ..BASE
    },
    Setting {
        name: "retention-max-bytes",
        env: &["TRACE_RETENTION_MAX_BYTES"],
        value: "SIZE",
        default: "0",
        help: "Delete the oldest until the rest fits, hourly; 0 is no limit",
        ..BASE
    },
    Setting {
        name: "audit",
        value: "off|received",
        default: "off",
        help: "received: keep an audit record of each run and each policy decision that comes in (docs/audit.md)",
        ..BASE
    },
    Setting {
        name: "audit-key",
        value: "HEX",
        help: "The audit trail's key, 64 hexadecimal digits; without it the file audit.key in the data directory; better set in the environment than typed",
        secret: true,
        ..BASE
    },
    Setting {
        name: "audit-retention-days",
        value: "DAYS",
        default: "0",
        help: "Prune audit records that were written longer ago, hourly, leaving a signed checkpoint; 0 keeps everything",
        ..BASE
    },
    Setting {
        name: "silence",
        value: "TIME",
        default: "10m",
        help: "A run whose end has not come after this silence counts as incomplete",
        used: Used::Both,
        ..BASE
    },
    Setting {
        name: "pricing",
        value: "FILE",
        default: "pricing.toml in the data directory",
        help: "Your own prices of models, which win over those that the program comes with",
        used: Used::Both,
        ..BASE
    },
    Setting {
        name: "search",
        value: "on|off",
        default: "on",
        help: "Whether content is indexed for search",
        ..BASE
    },
    Setting {
        name: "ui",
        env: &["TRACE_UI_ENABLED"],
        value: "on|off",
        default: "on",
        help: "Whether the UI is served",
        ..BASE
    },
    Setting {
        name: "ui-path",
        env: &["TRACE_UI_PATH"],
        value: "PATH",
        default: "/ui/",
        help: "Where the UI is served",
        ..BASE
    },
    Setting {
        name: "span-metric-dimension",
        value: "ATTRIBUTE",
        help: "A further dimension of the span metrics at /metrics. Repeatable",
        many: true,
        ..BASE
    },
    Setting {
        name: "log-level",
        env: &["TRACE_LOG_LEVEL", "OTEL_LOG_LEVEL"],
        value: "LEVEL",
        default: "info",
        help: "off, error, warn, info, debug, trace, or a filter such as turnscope_server=debug",
        ..BASE
    },
    Setting {
        name: "log-format",
        value: "text|json",
        default: "text",
        help: "How log lines are written",
        ..BASE
    },
    Setting {
        name: "log-path",
        env: &["TRACE_LOG_PATH"],
        value: "PATH",
        default: "stderr",
        help: "Append the log to this file",
        ..BASE
    },
];

/// Name, what it is in words, and what it sets.
pub(crate) type Profile = (&'static str, &'static str, &'static [(&'static str, &'static str)]);

/// The profiles, and what each sets.
pub(crate) const PROFILES: &[Profile] = &[
    (
        "production",
        "no start without a key, log lines as JSON",
        &[("api-key-required", "true"), ("log-format", "json")],
    ),
    ("development", "the defaults", &[]),
    ("debug", "everything is logged", &[("log-level", "debug")]),
];

impl Setting {
    /// The setting of this name.
    pub(crate) fn by_name(name: &str) -> Option<&'static Self> {
        SETTINGS.iter().find(|setting| setting.name == name)
    }

    /// Its own variable.
    pub(crate) fn variable(&self) -> String {
        format!("TURNSCOPE_{}", self.name.replace('-', "_").to_uppercase())
    }

    /// Its key in the file.
    pub(crate) fn key(&self) -> String {
        self.name.replace('-', "_")
    }

    /// It is true or false, and true when the flag stands alone.
    pub(crate) fn is_switch(&self) -> bool {
        self.value.is_empty()
    }
}
