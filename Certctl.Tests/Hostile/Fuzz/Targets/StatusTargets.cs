using System.Security.Cryptography.X509Certificates;
using Certctl.Infrastructure.StatusClient;
using Certctl.Infrastructure.StatusClient.Crl;
using Certctl.Infrastructure.StatusClient.Ocsp;
using Certctl.Tests.Infrastructure.StatusClient;

namespace Certctl.Tests.Hostile.Fuzz.Targets;

/// <summary>What our relying party reads of a CRL server and of a responder: one exception of its own, and no other.</summary>
internal static class StatusTargets
{
    private static readonly Lazy<(byte[] Crl, byte[] Answer, byte[] Ca, OcspQuestion Question)> Made = new(Make);

    public static IEnumerable<byte[]> Crls() => [Made.Value.Crl];

    public static IEnumerable<byte[]> Answers() => [Made.Value.Answer];

    public static void Crl(byte[] input) => Refusable(() =>
    {
        using var ca = X509CertificateLoader.LoadCertificate(Made.Value.Ca);
        var crl = ReceivedCrl.Read(input);
        var isGood = CrlCheck.Problems(crl, [ca], DateTimeOffset.UtcNow, out _).Count == 0;
        ContradictionException.Unless(!isGood || input.AsSpan().SequenceEqual(Made.Value.Crl), "only what the CA signed is good");
    });

    public static void Answer(byte[] input) => Refusable(() =>
    {
        using var ca = X509CertificateLoader.LoadCertificate(Made.Value.Ca);
        var answer = OcspAnswer.Read(input);
        var isGood = OcspCheck.Judge(Made.Value.Question, answer, ca, DateTimeOffset.UtcNow).Problems.Count == 0;

        // Certificates may come and go: they are not signed.
        ContradictionException.Unless(
            !isGood || answer.Signed.Span.SequenceEqual(OcspAnswer.Read(Made.Value.Answer).Signed.Span),
            "only what the responder signed is relied upon");
    });

    private static (byte[] Crl, byte[] Answer, byte[] Ca, OcspQuestion Question) Make()
    {
        using var maker = new OpenSslCa();
        var ended = maker.Issue("ended");
        maker.Revoke(ended, "-crl_compromise", "20260102030405Z");
        using var certificate = X509CertificateLoader.LoadCertificateFromFile(ended);
        using var ca = X509CertificateLoader.LoadCertificateFromFile(maker.CaFile);
        var question = new OcspQuestion(CertificateId.Of(certificate, ca, useSha1: false), new byte[32]);
        return (maker.MakeCrlDer("-crlexts", "part"), maker.Answer(question.Encode(), maker.IssueResponder(), "-ndays", "1"),
            ca.RawData, question);
    }

    private static void Refusable(Action read)
    {
        try
        {
            read();
        }
        catch (StatusClientException refusal)
        {
            ContradictionException.Unless(
                refusal.Fault == StatusFault.Unusable && refusal.Message.EndsWith('.'), "a bad answer is refused in a sentence");
        }
    }
}
