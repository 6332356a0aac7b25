using Certctl.Application.Issuers;
using Certctl.Domain.Enrolments;
using Certctl.Domain.Profiles.Expectations;

namespace Certctl.Application.Est.ServerKeys;

/// <summary>Makes keys for devices. Pure computation, safe for any number of threads; nothing that it makes is kept.</summary>
public interface IServerKeyCodec
{
    /// <summary>
    /// Reads a PKCS#10, in each form in which EST takes one. RFC 7030 §4.4.1: its public key and its signature are ignored.
    /// </summary>
    ServerKeyReading Read(ReadOnlyMemory<byte> body);

    /// <summary>Who can open the key that was asked for; null, with the defect in words, when it cannot be encrypted that way.</summary>
    IKeyRecipient? FindRecipient(KeyProtection protection, KeyHolder holder, out string? defect);

    /// <summary>
    /// Makes a key, and a request with it in the name of the device, signed by the new key: it goes the way of every other request.
    /// Takes a processor for up to seconds. Dispose it.
    /// </summary>
    /// <param name="asked">Whose subject and attributes the new request gets.</param>
    IServerKey Make(KeyExpectation kind, CertificateSigningRequest asked);

    /// <summary>A certs-only SignedData with this certificate alone, as DER.</summary>
    byte[] EncodeCertificate(ReadOnlyMemory<byte> certificate);
}

/// <summary>What is known of a client by which it can be sent something encrypted.</summary>
/// <param name="Certificate">DER of the certificate that it has proved to hold the key of; empty: none.</param>
/// <param name="SharedKeys">The symmetric keys that the endpoint shares with its clients, by their identifiers in lower-case hex.</param>
/// <param name="Issuer">The CA that vouches for who made the key.</param>
public sealed record KeyHolder(
    ReadOnlyMemory<byte> Certificate, IReadOnlyDictionary<string, byte[]> SharedKeys, ICertificateIssuer Issuer);

/// <summary>Who gets a key.</summary>
public interface IKeyRecipient
{
    /// <summary>Who signs the package; null: none, because the key is sent inside TLS alone.</summary>
    KeyGenerationCertificate? SignedBy { get; }

    /// <summary>Content-Type of the part with the key (RFC 7030 §4.4.2).</summary>
    string ContentType { get; }

    /// <summary>The body of that part as DER.</summary>
    /// <param name="pkcs8">PrivateKeyInfo as DER.</param>
    byte[] Wrap(ReadOnlySpan<byte> pkcs8);
}

/// <summary>A private key on its way to its device. Disposing it zeroes what is left of it here.</summary>
public interface IServerKey : IDisposable
{
    /// <summary>The request for its certificate, signed by it.</summary>
    CertificateSigningRequest Csr { get; }

    /// <summary>The answer of RFC 7030 §4.4.2 in two parts; the caller zeroes it when it is sent.</summary>
    /// <param name="certificates">The part with the certificate: a certs-only SignedData as DER.</param>
    MultipartAnswer Answer(IKeyRecipient recipient, ReadOnlySpan<byte> certificates);
}

/// <summary>A multipart body.</summary>
/// <param name="ContentType">With its boundary.</param>
public sealed record MultipartAnswer(string ContentType, byte[] Body);
