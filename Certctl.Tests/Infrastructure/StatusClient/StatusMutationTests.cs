using System.Security.Cryptography.X509Certificates;
using Certctl.Infrastructure.StatusClient;
using Certctl.Infrastructure.StatusClient.Crl;
using Certctl.Infrastructure.StatusClient.Ocsp;
using Certctl.Tests.Hostile.Fuzz;
using Xunit;

namespace Certctl.Tests.Infrastructure.StatusClient;

/// <summary>The readers on altered lists and answers: they read or refuse with their one exception, in bounded time.</summary>
public sealed class StatusMutationTests : IDisposable
{
    private const int Mutations = 10_000;
    private static readonly TimeSpan Bound = TimeSpan.FromMinutes(3);

    private readonly OpenSslCa _ca = new();

    public void Dispose() => _ca.Dispose();

    [Fact]
    public void An_altered_CRL_is_read_or_refused_and_never_good()
    {
        _ca.Revoke(_ca.Issue("one"), "-crl_compromise", "20260102030405Z");
        _ca.Revoke(_ca.Issue("two"), "-crl_reason", "superseded");
        var seed = _ca.MakeCrlDer("-crlexts", "part");
        using var ca = X509CertificateLoader.LoadCertificateFromFile(_ca.CaFile);
        var now = DateTimeOffset.UtcNow;
        Mutate(seed, octets => Assert.NotEmpty(CrlCheck.Problems(ReceivedCrl.Read(octets), [ca], now, out _)));
    }

    [Fact]
    public void An_altered_answer_is_read_or_refused_and_never_relied_upon()
    {
        var asked = _ca.Issue("asked");
        _ca.Revoke(asked, "-crl_reason", "superseded");
        using var certificate = X509CertificateLoader.LoadCertificateFromFile(asked);
        using var ca = X509CertificateLoader.LoadCertificateFromFile(_ca.CaFile);
        var question = new OcspQuestion(CertificateId.Of(certificate, ca, useSha1: false), new byte[32]);
        var seed = _ca.Answer(question.Encode(), _ca.IssueResponder(), "-nmin", "60");
        var now = DateTimeOffset.UtcNow;
        Assert.Empty(OcspCheck.Judge(question, OcspAnswer.Read(seed), ca, now).Problems);
        Mutate(seed, octets =>
        {
            // Certificates may come and go: they are not signed.
            var answer = OcspAnswer.Read(octets);
            if (!answer.Signed.Span.SequenceEqual(OcspAnswer.Read(seed).Signed.Span))
                Assert.NotEmpty(OcspCheck.Judge(question, answer, ca, now).Problems);
        });
    }

    // A failure names the number of the mutation, which makes it again.
    private static void Mutate(byte[] seed, Action<byte[]> judge)
    {
        var started = TimeProvider.System.GetTimestamp();
        for (var number = 0; number < Mutations; number++)
        {
            var altered = new Mutator(new Random(number), words: []).Mutate(seed, seed);
            if (altered.AsSpan().SequenceEqual(seed))
                continue;
            try
            {
                judge(altered);
            }
            catch (StatusClientException refused)
            {
                Assert.True(refused.Fault == StatusFault.Unusable && refused.Message.EndsWith('.'), $"{number}: {refused.Message}");
            }
            catch (Exception other)
            {
                Assert.Fail($"mutation {number}: {other}");
            }
        }

        Assert.True(TimeProvider.System.GetElapsedTime(started) < Bound);
    }
}
