using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using Certctl.Application.Challenges.SignedToken;
using Certctl.Domain.Enrolments;
using Certctl.Infrastructure.Crypto.X509;
using Certctl.Infrastructure.Intune;
using Certctl.Tests.Fakes;

namespace Certctl.Tests.Hostile.Fuzz.Targets;

/// <summary>Signed challenges: the text that a device brings, and what a connector might write into a rightly signed one.</summary>
internal static class ChallengeTargets
{
    private static readonly DateTimeOffset Now = DateTimeOffset.FromUnixTimeSeconds(1_764_158_500);
    private static readonly IntuneSettings Believing = Settings(new AnyConnector());
    private static readonly Lazy<IntuneSettings> Doubting = new(() => Settings(new FileTrustAnchors([])));
    private static readonly Lazy<CertificateSigningRequest> Request = new(() => CsrReader.ReadKept(Seeds.Requests().First())!);

    public static void Token(byte[] input)
    {
        var token = new Secret(Encoding.Latin1.GetString(input));
        var verdict = IntuneChallenge.Verify(token, Believing, Now);
        Check(verdict);
        ContradictionException.Unless(verdict.Failure is not null || input.AsSpan().Count((byte)'.') == 2, "what is good has three parts");
        ContradictionException.Unless(
            IntuneChallenge.Verify(token, Doubting.Value, Now).Failure is not null, "without an anchor nothing is good");
    }

    public static void Claims(byte[] input) => Check(IntuneChallenge.Verify(new Secret(Wrap(input)), Believing, Now));

    /// <summary>Claims in a token whose signature is for others to judge.</summary>
    public static string Wrap(byte[] claims) =>
        $"{Base64Url.EncodeToString("{\"alg\":\"ES256\"}"u8)}.{Base64Url.EncodeToString(claims)}.{Base64Url.EncodeToString(new byte[64])}";

    private static void Check(IntuneVerdict verdict)
    {
        ContradictionException.Unless(verdict.TokenSha256.Length == SHA256.HashSizeInBytes, "every token has a name");
        ContradictionException.Unless(verdict.Failure is not null || verdict.Claim is not null, "what is good says something");
        if (verdict.Failure is { } failure)
            ContradictionException.Unless(
                failure.Detail.Length is > 0 and < 1000 && !failure.Detail.Any(char.IsControl), "a detail is fit for a log");
        if (verdict.Claim is not { } claim)
            return;
        ContradictionException.Unless(
            claim is { Issuer.Length: > 0, Subject.Length: > 0, Nonce.Length: > 0 }, "what must be there is there");
        if (IntuneChallenge.FindMismatch(claim, Request.Value) is { } mismatch)
            ContradictionException.Unless(
                mismatch.Detail.Length < 1000 && !mismatch.Detail.Any(char.IsControl), "a detail is fit for a log");
    }

    private static IntuneSettings Settings(ITrustAnchors anchors) =>
        new(anchors, null, TimeSpan.FromMinutes(60), TimeSpan.FromSeconds(60), 3);
}
