//! TLS for tokio-postgres, by rustls: the same modes as for sqlx.

use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, Error as TlsError, RootCertStore, SignatureScheme,
};
use sqlx::postgres::PgSslMode;
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::ConnectError;
use crate::connect::driver::TlsFiles;
use crate::connect_error::{Cause, Target};

/// What makes connections encrypted; `mode` is the way that succeeded. Fails when the certificate of this client
/// and its key do not belong together.
pub(super) fn connector(
    mode: PgSslMode,
    files: &TlsFiles,
    at: &Target,
) -> Result<MakeRustlsConnect, ConnectError> {
    let config = client_config(mode, files).map_err(|source| {
        let at = Box::new(at.clone());
        match source.downcast_ref::<TlsError>() {
            Some(TlsError::InconsistentKeys(_)) => ConnectError::ClientCertificateUnusable { at, source },
            _ => ConnectError::Tls { at, source },
        }
    })?;
    Ok(MakeRustlsConnect::new(config))
}

fn client_config(mode: PgSslMode, files: &TlsFiles) -> Result<ClientConfig, Cause> {
    let provider = Arc::new(ring::default_provider());
    let verifier: Arc<dyn ServerCertVerifier> = match mode {
        PgSslMode::VerifyFull => chain(&provider, files)?,
        PgSslMode::VerifyCa => Arc::new(AnyName(chain(&provider, files)?)),
        _ => Arc::new(Anybody(Arc::clone(&provider))),
    };
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .dangerous()
        .with_custom_certificate_verifier(verifier);
    Ok(match &files.client {
        Some((certificate, key)) => {
            let chain = CertificateDer::pem_slice_iter(certificate).collect::<Result<_, _>>()?;
            builder.with_client_auth_cert(chain, PrivateKeyDer::from_pem_slice(key)?)?
        }
        None => builder.with_no_client_auth(),
    })
}

/// Verifies that a certificate comes from a trusted authority and names the host. A given authority is trusted
/// alone, as libpq does; without one, those of the web are.
fn chain(provider: &Arc<CryptoProvider>, files: &TlsFiles) -> Result<Arc<WebPkiServerVerifier>, Cause> {
    let mut trusted = RootCertStore::empty();
    match &files.root_certificate {
        Some(pem) => {
            for certificate in CertificateDer::pem_slice_iter(pem) {
                trusted.add(certificate?)?;
            }
        }
        None => trusted.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned()),
    }
    let builder = WebPkiServerVerifier::builder_with_provider(Arc::new(trusted), Arc::clone(provider));
    Ok(builder.build()?)
}

/// `verify-ca`: from a trusted authority, whatever host it names.
#[derive(Debug)]
struct AnyName(Arc<WebPkiServerVerifier>);

impl ServerCertVerifier for AnyName {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        host: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, TlsError> {
        match self.0.verify_server_cert(certificate, intermediates, host, ocsp, now) {
            // The name is what is looked at last.
            Err(TlsError::InvalidCertificate(
                CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
            )) => Ok(ServerCertVerified::assertion()),
            outcome => outcome,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, TlsError> {
        self.0.verify_tls12_signature(message, certificate, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, TlsError> {
        self.0.verify_tls13_signature(message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.supported_verify_schemes()
    }
}

/// `prefer`, and `require` without an authority: whoever holds the key of the certificate that it shows.
#[derive(Debug)]
struct Anybody(Arc<CryptoProvider>);

impl ServerCertVerifier for Anybody {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, TlsError> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, TlsError> {
        verify_tls12_signature(message, certificate, signature, &self.0.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, TlsError> {
        verify_tls13_signature(message, certificate, signature, &self.0.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
