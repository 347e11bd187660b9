//! A server that is a network away: a proxy that holds back what it passes on.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::os::unix::net::UnixStream;
use std::thread;
use std::time::{Duration, Instant};

use authority_admin::{Failure, Outcome};
use sqlx::PgPool;

use crate::numbers::Sample;

/// How long each direction holds back what it passes on. A round trip takes longer than twice this, by what waking up
/// and copying take: it is measured, see [`round_trip`].
const DELAY: Duration = Duration::from_micros(450);
/// Octets that are passed on at once: more than any statement or answer here has.
const CHUNK: usize = 16 << 10;
/// Round trips that are measured.
const MEASURED: usize = 200;

/// Opens a port of 127.0.0.1 behind which the server of this socket is, for as long as this program runs.
///
/// Threads and not tasks: the timers of the runtime are no finer than a millisecond.
pub(crate) fn open(socket: std::path::PathBuf) -> Outcome<u16> {
    let listener = TcpListener::bind("127.0.0.1:0").map_err(|error| Failure::new(&error))?;
    let port = listener.local_addr().map_err(|error| Failure::new(&error))?.port();
    thread::spawn(move || {
        for near in listener.incoming() {
            // A connection that fails is closed, which is what its owner then sees.
            let _ = near.and_then(|near| join(near, UnixStream::connect(&socket)?));
        }
    });
    Ok(port)
}

/// What `SELECT 1` takes on one connection, in milliseconds.
pub(crate) async fn round_trip(pool: &PgPool) -> Outcome<Sample> {
    let mut connection = pool.acquire().await.map_err(|error| Failure::new(&error))?;
    let mut took = Sample::default();
    for number in 0..=MEASURED {
        let began = Instant::now();
        let one = sqlx::query_scalar::<_, i32>("SELECT 1").fetch_one(&mut *connection).await;
        one.map_err(|error| Failure::new(&error))?;
        // The first one prepares the statement, which is a round trip more.
        if number > 0 {
            took.push(began.elapsed().as_secs_f64() * 1000.0);
        }
    }
    Ok(took)
}

/// Passes on in both directions.
fn join(near: TcpStream, far: UnixStream) -> std::io::Result<()> {
    near.set_nodelay(true)?;
    let (from_near, to_far) = (near.try_clone()?, far.try_clone()?);
    thread::spawn(move || {
        pass_on(from_near, &to_far);
        to_far.shutdown(Shutdown::Both)
    });
    thread::spawn(move || {
        pass_on(far, &near);
        near.shutdown(Shutdown::Both)
    });
    Ok(())
}

/// Passes on what arrives, each chunk [`DELAY`] later, until either end is closed.
fn pass_on(mut from: impl Read, mut to: impl Write) {
    let mut chunk = vec![0; CHUNK];
    while let Ok(length @ 1..) = from.read(&mut chunk) {
        thread::sleep(DELAY);
        if to.write_all(&chunk[..length]).is_err() {
            return;
        }
    }
}
