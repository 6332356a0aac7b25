using Certctl.Application.Scep;

namespace Certctl.Infrastructure.Crypto.Scep;

/// <summary>RFC 8894 in CMS (RFC 5652).</summary>
public sealed class CmsScepCodec(RaKeyRing keys, TimeProvider clock) : IScepCodec
{
    public ScepDecoding Decode(ReadOnlyMemory<byte> message) => throw new NotImplementedException($"{keys} {clock}");

    public byte[] EncodeCertRep(ScepRequestHead request, ScepReply reply) => throw new NotImplementedException();

    public Certctl.Domain.Enrolment.CertificateSigningRequest? ReadRequest(ReadOnlyMemory<byte> pkcs10) => throw new NotImplementedException();

    public ScepCaCertificates CaCertificates() => throw new NotImplementedException();
}
