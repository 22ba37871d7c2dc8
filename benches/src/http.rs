//! A minimal HTTP/1.1 client for the load: one connection, one request after the other.

use anyhow::{Context as _, bail};
use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{SocketAddr, TcpStream},
    time::Duration,
};

/// An answer, with the headers that a load looks at.
struct Reply {
    status: u16,
    retry_after: Option<u64>,
    lag_ms: Option<u64>,
    body: Vec<u8>,
}

/// One connection.
pub(crate) struct Http {
    stream: BufReader<TcpStream>,
    address: SocketAddr,
}

impl Http {
    /// Connects.
    pub(crate) fn connect(address: SocketAddr) -> anyhow::Result<Self> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(Duration::from_secs(60)))?;
        Ok(Self { stream: BufReader::with_capacity(64 * 1024, stream), address })
    }

    /// Posts a body. Returns the status and, for 429 and 503, the seconds to wait.
    pub(crate) fn post(
        &mut self,
        path: &str,
        encoding: Option<&str>,
        body: &[u8],
    ) -> anyhow::Result<(u16, Option<u64>)> {
        let encoding = encoding.map_or(String::new(), |name| format!("content-encoding: {name}\r\n"));
        let head = format!(
            "POST {path} HTTP/1.1\r\nhost: {}\r\ncontent-type: application/x-protobuf\r\n{encoding}content-length: {}\r\n\r\n",
            self.address,
            body.len()
        );
        let stream = self.stream.get_mut();
        stream.write_all(head.as_bytes())?;
        stream.write_all(body)?;
        let reply = self.reply()?;
        Ok((reply.status, reply.retry_after))
    }

    /// Sends a GET.
    pub(crate) fn get(&mut self, path: &str) -> anyhow::Result<(u16, Vec<u8>)> {
        let reply = self.get_whole(path)?;
        Ok((reply.status, reply.body))
    }

    /// Sends a GET, and gives how far behind its answer may be, in milliseconds.
    pub(crate) fn lag_ms(&mut self, path: &str) -> anyhow::Result<u64> {
        self.get_whole(path)?.lag_ms.context("the answer does not say how far behind it is")
    }

    fn get_whole(&mut self, path: &str) -> anyhow::Result<Reply> {
        let head = format!("GET {path} HTTP/1.1\r\nhost: {}\r\n\r\n", self.address);
        self.stream.get_mut().write_all(head.as_bytes())?;
        self.reply()
    }

    fn reply(&mut self) -> anyhow::Result<Reply> {
        let mut line = String::new();
        self.stream.read_line(&mut line)?;
        let status = line.split(' ').nth(1).context("the server closed the connection")?.parse()?;
        let (mut length, mut retry_after, mut lag_ms, mut chunked) = (0, None, None, false);
        loop {
            line.clear();
            self.stream.read_line(&mut line)?;
            let Some((name, value)) = line.trim().split_once(':') else { break };
            match name.to_ascii_lowercase().as_str() {
                "content-length" => length = value.trim().parse()?,
                "turnscope-lag-ms" => lag_ms = value.trim().parse().ok(),
                "retry-after" => retry_after = value.trim().parse().ok(),
                "transfer-encoding" => chunked = value.trim() == "chunked",
                _ => {}
            }
        }
        let mut body = Vec::new();
        if chunked {
            loop {
                line.clear();
                self.stream.read_line(&mut line)?;
                let size = usize::from_str_radix(line.trim(), 16)?;
                let start = body.len();
                body.resize(start + size, 0);
                self.stream.read_exact(&mut body[start..])?;
                line.clear();
                self.stream.read_line(&mut line)?;
                if size == 0 {
                    break;
                }
            }
        } else {
            if length > 1 << 30 {
                bail!("a reply of {length} bytes");
            }
            body.resize(length, 0);
            self.stream.read_exact(&mut body)?;
        }
        Ok(Reply { status, retry_after, lag_ms, body })
    }
}
