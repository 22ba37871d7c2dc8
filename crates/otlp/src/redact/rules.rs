//! What is secret by default: the names of keys, and the shapes of providers' keys.

/// Keys whose values are secret, in lower case with `_` between words. Keys that end in one of them count too.
pub(super) const KEYS: [&str; 24] = [
    "authorization",
    "proxy_authorization",
    "x_api_key",
    "api_key",
    "apikey",
    "x_goog_api_key",
    "x_auth_token",
    "auth_token",
    "access_token",
    "refresh_token",
    "id_token",
    "client_secret",
    "secret",
    "secret_key",
    "secret_access_key",
    "aws_secret_access_key",
    "private_key",
    "password",
    "passwd",
    "cookie",
    "set_cookie",
    "session_token",
    "account_key",
    "passphrase",
];

/// A secret that is known by its shape.
pub(super) struct Shape {
    /// The name shown in the marker.
    pub(super) name: &'static str,
    /// What every such secret holds, in lower case: looked for first, because that is fast.
    pub(super) literals: &'static [&'static str],
    /// All of it, or what surrounds the group `secret`.
    pub(super) pattern: &'static str,
}

/// The shapes, the more particular ones first. Repetitions have no upper bound: each would become as many states, which
/// every text pays for.
pub(super) const SHAPES: [Shape; 20] = [
    Shape { name: "anthropic-key", literals: &["sk-ant-"], pattern: r"sk-ant-[A-Za-z0-9_-]{16,}" },
    Shape { name: "openrouter-key", literals: &["sk-or-"], pattern: r"sk-or-[A-Za-z0-9_-]{16,}" },
    Shape {
        name: "openai-key",
        literals: &["sk-"],
        // Real keys hold digits; `sk-` and a long word with dashes does not.
        pattern: r"sk-(?:proj-|svcacct-|admin-)?[A-Za-z0-9_]*(?:[0-9][A-Za-z0-9_-]{10,}|[A-Za-z0-9_]{19,})",
    },
    Shape {
        name: "stripe-key",
        literals: &["_live_", "_test_"],
        pattern: r"[rs]k_(?:live|test)_[A-Za-z0-9]{16,}",
    },
    Shape { name: "aws-key", literals: &["akia", "asia"], pattern: r"(?:AKIA|ASIA)[0-9A-Z]{16}\b" },
    Shape {
        name: "github-token",
        literals: &["ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_"],
        pattern: r"(?:gh[pousr]_[A-Za-z0-9]{30,}|github_pat_[A-Za-z0-9_]{22,})",
    },
    Shape { name: "gitlab-token", literals: &["glpat-"], pattern: r"glpat-[A-Za-z0-9_-]{20,}" },
    Shape { name: "slack-token", literals: &["xox"], pattern: r"xox[abeoprs]-[A-Za-z0-9-]{10,}" },
    Shape { name: "google-key", literals: &["aiza"], pattern: r"AIza[0-9A-Za-z_-]{35}" },
    Shape { name: "huggingface-token", literals: &["hf_"], pattern: r"hf_[A-Za-z0-9]{30,}" },
    Shape { name: "groq-key", literals: &["gsk_"], pattern: r"gsk_[A-Za-z0-9]{40,}" },
    Shape { name: "xai-key", literals: &["xai-"], pattern: r"xai-[A-Za-z0-9]{40,}" },
    Shape { name: "bearer-token", literals: &["bearer"], pattern: r"(?i)bearer\s+[A-Za-z0-9._~+/-]{16,}=*" },
    Shape {
        name: "jwt",
        literals: &[".eyj"],
        pattern: r"eyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}",
    },
    Shape { name: "google-token", literals: &["ya29."], pattern: r"ya29\.[A-Za-z0-9_-]{20,}" },
    Shape { name: "npm-token", literals: &["npm_"], pattern: r"npm_[A-Za-z0-9]{36}" },
    Shape {
        name: "sendgrid-key",
        literals: &["sg."],
        pattern: r"SG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,}",
    },
    Shape {
        name: "url-password",
        literals: &["://"],
        pattern: r"(?i)[a-z][a-z0-9+.-]+://[^\s/:@\x22'\\<>]*:(?P<secret>[^\s/@\x22'\\<>]+)@",
    },
    Shape {
        name: "curl-password",
        literals: &["curl"],
        pattern: r#"curl\s(?:[^\n]*?\s)?(?:-u|--user)[ =]?\\*["']?[^\s:"'\\]+:(?P<secret>[^\s"'\\]+)"#,
    },
    Shape {
        name: "private-key",
        literals: &["private key-----"],
        pattern: r"-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY-----[A-Za-z0-9+/=\s\\:,]*(?:-----END (?:[A-Z0-9]+ )*PRIVATE KEY-----)?",
    },
];
