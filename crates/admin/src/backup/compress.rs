use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Write};

use flate2::read::MultiGzDecoder;
use flate2::write::GzEncoder;

use super::format::Compression;

/// How much is read at a time.
pub(super) const CHUNK: usize = 256 * 1024;

/// Compresses what is written to it.
pub(super) enum Encoder<W: Write> {
    None(W),
    Gzip(Box<GzEncoder<W>>),
    Zstd(Box<zstd::stream::write::Encoder<'static, W>>),
}

impl<W: Write> Encoder<W> {
    /// An encoder with the usual level, and with a checksum of the content where the format has one.
    pub(super) fn new(compression: Compression, into: W) -> io::Result<Self> {
        Ok(match compression {
            Compression::None => Self::None(into),
            Compression::Gzip => Self::Gzip(Box::new(GzEncoder::new(into, flate2::Compression::default()))),
            Compression::Zstd => {
                let mut encoder = zstd::stream::write::Encoder::new(into, zstd::DEFAULT_COMPRESSION_LEVEL)?;
                encoder.include_checksum(true)?;
                Self::Zstd(Box::new(encoder))
            }
        })
    }

    /// Writes what is left, and gives back what it was written to.
    pub(super) fn finish(self) -> io::Result<W> {
        match self {
            Self::None(into) => Ok(into),
            Self::Gzip(encoder) => encoder.finish(),
            Self::Zstd(encoder) => encoder.finish(),
        }
    }
}

impl<W: Write> Write for Encoder<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::None(into) => into.write(bytes),
            Self::Gzip(encoder) => encoder.write(bytes),
            Self::Zstd(encoder) => encoder.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::None(into) => into.flush(),
            Self::Gzip(encoder) => encoder.flush(),
            Self::Zstd(encoder) => encoder.flush(),
        }
    }
}

/// What a compressed stream contains. Reading fails where it is damaged, or ends too early; several
/// streams one after the other are one, as for `gunzip` and `unzstd`.
pub(super) fn decoder(compression: Compression, from: impl Read + 'static) -> io::Result<Box<dyn BufRead>> {
    let from = BufReader::with_capacity(CHUNK, from);
    Ok(match compression {
        Compression::None => Box::new(from),
        Compression::Gzip => Box::new(BufReader::with_capacity(CHUNK, MultiGzDecoder::new(from))),
        Compression::Zstd => {
            let decoder = zstd::stream::read::Decoder::with_buffer(from)?;
            Box::new(BufReader::with_capacity(CHUNK, decoder))
        }
    })
}

/// A file whose reading somebody watches.
pub(super) struct Watched<F: Fn(u64)> {
    file: File,
    read: F,
}

impl<F: Fn(u64)> Watched<F> {
    /// Tells `read` the number of each bytes that were read.
    pub(super) fn new(file: File, read: F) -> Self {
        Self { file, read }
    }
}

impl<F: Fn(u64)> Read for Watched<F> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let count = self.file.read(into)?;
        (self.read)(count as u64);
        Ok(count)
    }
}
