//! Devices: only the CPU exists, but the API has the word from the start.

use crate::error::{Error, Exception, Result};
use std::fmt;

/// Where a tensor's data is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Device {
    /// The CPU, optionally with an index (`cpu:0`), which has no effect.
    #[default]
    Cpu,
}

impl Device {
    /// Parses `cpu` or `cpu:0`; other devices raise what a PyTorch built without them raises.
    pub fn parse(text: &str) -> Result<Self> {
        let kind = text.split(':').next().unwrap_or(text);
        match kind {
            "cpu" => Ok(Self::Cpu),
            "cuda" => Err(Error::message(Exception::Assertion, "Torch not compiled with CUDA enabled")),
            "mps" | "xpu" | "meta" | "xla" | "hpu" | "mtia" | "ipu" => Err(Error::not_implemented(format!(
                "Rushlight computes on the CPU; device '{kind}' is not available"
            ))),
            _ => Err(Error::runtime(format!(
                "Expected one of cpu, cuda, ipu, xpu, mkldnn, opengl, opencl, ideep, hip, ve, fpga, maia, xla, lazy, vulkan, mps, meta, hpu, mtia, privateuseone device type at start of device string: {kind}"
            ))),
        }
    }
}

impl fmt::Display for Device {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("cpu")
    }
}
