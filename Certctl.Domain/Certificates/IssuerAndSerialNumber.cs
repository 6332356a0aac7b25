namespace Certctl.Domain.Certificates;

/// <summary>RFC 5652 §10.2.4: a certificate by the name of its issuer and its serial number.</summary>
/// <param name="Issuer">As it came.</param>
/// <param name="SerialNumber">The INTEGER's content octets.</param>
public sealed record IssuerAndSerialNumber(SubjectName Issuer, ReadOnlyMemory<byte> SerialNumber)
{
    public override string ToString() => $"serial number {Convert.ToHexStringLower(SerialNumber.Span)} of {Issuer}";
}
