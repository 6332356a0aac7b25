using System.Security.Cryptography;
using Certctl.Application.Scep;
using Certctl.Domain.Enrolments;
using Xunit;

namespace Certctl.Tests.Infrastructure.Crypto.Scep.Codec;

/// <summary>
/// Five thousand spoiled messages: each gets an answer, none an exception, none a certificate that the original did not ask for.
/// </summary>
public sealed class CmsScepCodecMutationTests
{
    [Fact]
    [Trait("Conformance", "Z-1")]
    public void Mutations_of_a_good_message_are_refused_or_harmless()
    {
        var codec = ScepTestKeys.Codec();
        var good = new ForgedRequest().Build();
        var random = new Random(20260601);
        var verdicts = new Dictionary<string, int>();
        for (var i = 0; i < 5000; i++)
        {
            var mutant = Mutate(good, random);
            var verdict = codec.Decode(mutant) switch
            {
                ScepDecoding.Unreadable => "unreadable",
                ScepDecoding.PkiMessage { Content: ScepContent.Refused refused } => refused.Failure.Reason.ToString(),
                ScepDecoding.PkiMessage { Content: ScepContent.CertificationRequest request } => Harmless(request.Csr),
                _ => throw new InvalidOperationException("No such content was sent."),
            };
            verdicts[verdict] = verdicts.GetValueOrDefault(verdict) + 1;
        }

        Assert.True(verdicts["unreadable"] > 500, "the mutations do not reach the framing");
        Assert.True(verdicts[nameof(FailureReason.MessageCheckFailed)] > 500, "the mutations do not reach the signature");
    }

    // The outer message is resigned each time, so that the mutation gets past the signature.
    [Fact]
    [Trait("Conformance", "Z-1")]
    [Trait("Conformance", "S-M22")]
    public void Mutations_inside_a_rightly_signed_message_are_refused_or_harmless()
    {
        var codec = ScepTestKeys.Codec();
        var good = new ForgedRequest().Envelope();
        var random = new Random(20260602);
        var verdicts = new Dictionary<string, int>();
        for (var i = 0; i < 400; i++)
        {
            var decoding = codec.Decode(new ForgedRequest { Content = Mutate(good, random) }.Build());
            var content = Assert.IsType<ScepDecoding.PkiMessage>(decoding).Content;
            var verdict = content is ScepContent.Refused refused
                ? refused.Failure.Reason.ToString()
                : Harmless(Assert.IsType<ScepContent.CertificationRequest>(content).Csr);
            verdicts[verdict] = verdicts.GetValueOrDefault(verdict) + 1;
        }

        Assert.True(verdicts[nameof(FailureReason.UnreadableContent)] > 40, "the mutations do not reach the ciphertext");
        Assert.True(verdicts[nameof(FailureReason.MalformedRequest)] > 10, "the mutations do not reach the framing");
    }

    private static string Harmless(CertificateSigningRequest csr)
    {
        Assert.Equal(SHA256.HashData(ScepTestKeys.Csr), csr.Sha256.ToArray());
        return "harmless";
    }

    private static byte[] Mutate(byte[] good, Random random)
    {
        var bytes = good.ToList();
        for (var n = random.Next(1, 4); n > 0 && bytes.Count > 4; n--)
        {
            var at = random.Next(3) == 0 ? random.Next(Math.Min(60, bytes.Count)) : random.Next(bytes.Count);
            switch (random.Next(6))
            {
                case 0:
                    bytes[at] ^= (byte)(1 << random.Next(8));
                    break;
                case 1:
                    bytes[at] = (byte)random.Next(256);
                    break;
                case 2:
                    bytes.RemoveRange(at, Math.Min(random.Next(1, 20), bytes.Count - at));
                    break;
                case 3:
                    bytes.InsertRange(at, Enumerable.Repeat((byte)random.Next(256), random.Next(1, 20)));
                    break;
                case 4:
                    bytes[at] = 0x80;
                    break;
                default:
                    bytes.RemoveRange(at, random.Next(8) == 0 ? bytes.Count - at : 0);
                    break;
            }
        }

        return [.. bytes];
    }
}
