namespace Certctl.Application.Scep.RawCsr;

/// <summary>What is said to a PKCS#10 in the clear. There is no CertRep to say it, so the HTTP status does.</summary>
public abstract record RawCsrAnswer
{
    private RawCsrAnswer()
    {
    }

    /// <param name="Certificates">A certs-only SignedData as DER: the certificate, then the CAs above it.</param>
    public sealed record Issued(ReadOnlyMemory<byte> Certificates) : RawCsrAnswer;

    /// <summary>Waits for an operator; the same request again asks what has become of it.</summary>
    public sealed record Pending : RawCsrAnswer;

    /// <summary>Not a request that anybody could decide about.</summary>
    public sealed record Unreadable(string PublicText) : RawCsrAnswer;

    /// <summary>Read, and refused.</summary>
    public sealed record Refused(string PublicText) : RawCsrAnswer;
}
