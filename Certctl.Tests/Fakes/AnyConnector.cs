using Certctl.Application.Challenges.SignedToken;

namespace Certctl.Tests.Fakes;

/// <summary>Accepts every signature: for tests of what follows the signature check.</summary>
internal sealed class AnyConnector : ITrustAnchors
{
    public IReadOnlyList<TrustAnchor> All { get; } =
        [new("CN=any connector", "01", new string('0', 64), "ECDSA-P256", DateTimeOffset.MinValue, DateTimeOffset.MaxValue)];

    public TrustAnchor? FindSigner(
        JwsAlgorithm algorithm, ReadOnlySpan<byte> signingInput, ReadOnlySpan<byte> signature, DateTimeOffset now) => All[0];
}
