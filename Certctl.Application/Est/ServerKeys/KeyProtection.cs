namespace Certctl.Application.Est.ServerKeys;

/// <summary>How a request wants the key that the server makes (RFC 7030 §4.4.1).</summary>
public abstract record KeyProtection
{
    private KeyProtection()
    {
    }

    /// <summary>Inside TLS alone.</summary>
    public sealed record None : KeyProtection;

    /// <summary>RFC 7030 §4.4.1.1: encrypted with a symmetric key that client and server share.</summary>
    /// <param name="KeyId">DecryptKeyIdentifier.</param>
    /// <param name="Algorithms">Dotted OIDs of smimeCapabilities in the order of the request; empty: there were none.</param>
    public sealed record Symmetric(ReadOnlyMemory<byte> KeyId, IReadOnlyList<string> Algorithms) : KeyProtection;

    /// <summary>RFC 7030 §4.4.1.2: encrypted to a public key of the client.</summary>
    /// <param name="KeyId">AsymmetricDecryptKeyIdentifier.</param>
    /// <param name="Algorithms">Likewise.</param>
    public sealed record Asymmetric(ReadOnlyMemory<byte> KeyId, IReadOnlyList<string> Algorithms) : KeyProtection;
}

/// <summary>A request for a key of the server.</summary>
public abstract record ServerKeyReading
{
    private ServerKeyReading()
    {
    }

    /// <param name="Csr">Its key and its signature have not been looked at (<see cref="Domain.Enrolments.CertificateSigningRequest"/> says
    /// otherwise of all others).</param>
    public sealed record Valid(Domain.Enrolments.CertificateSigningRequest Csr, KeyProtection Protection) : ServerKeyReading;

    /// <summary>No PKCS#10, or one with defective attributes; in words for the log.</summary>
    public sealed record Invalid(string Defect) : ServerKeyReading;
}
