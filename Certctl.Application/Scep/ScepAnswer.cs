namespace Certctl.Application.Scep;

/// <summary>What is answered to a SCEP message: a message, or what the HTTP status says where there is no CertRep to say it.</summary>
public abstract record ScepAnswer
{
    private ScepAnswer()
    {
    }

    /// <param name="Octets">
    /// A CertRep; to a PKCS#10 in the clear a certs-only SignedData of the certificate and the CAs above it.
    /// </param>
    public sealed record Message(ReadOnlyMemory<byte> Octets) : ScepAnswer;

    /// <summary>The PKCS#10 waits for an operator; the same request again asks what has become of it.</summary>
    public sealed record Pending : ScepAnswer;

    /// <summary>Not a request that can be decided about.</summary>
    public sealed record Unreadable(string PublicText) : ScepAnswer;

    /// <summary>The PKCS#10 was read, and refused.</summary>
    public sealed record Refused(string PublicText) : ScepAnswer;
}
