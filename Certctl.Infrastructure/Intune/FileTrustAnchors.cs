using Certctl.Application.Challenges.SignedToken;

namespace Certctl.Infrastructure.Intune;

/// <inheritdoc cref="ITrustAnchors"/>
/// <param name="anchors">As <see cref="ConnectorBundle.Load"/> read it.</param>
public sealed class FileTrustAnchors(IReadOnlyList<ConnectorAnchor> anchors) : ITrustAnchors
{
    private volatile ConnectorAnchor[] _anchors = [.. anchors];

    public IReadOnlyList<TrustAnchor> All => [.. _anchors.Select(anchor => anchor.Anchor)];

    public TrustAnchor? FindSigner(
        JwsAlgorithm algorithm, ReadOnlySpan<byte> signingInput, ReadOnlySpan<byte> signature, DateTimeOffset now)
    {
        foreach (var anchor in _anchors)
        {
            if (anchor.Anchor.IsValidAt(now) && JwsSignature.Verify(algorithm, anchor.Key, signingInput, signature))
                return anchor.Anchor;
        }

        return null;
    }

    /// <summary>
    /// Makes another bundle ready; the action puts it to use and cannot fail. Requests under way finish with the old one.
    /// </summary>
    public Action Stage(IReadOnlyList<ConnectorAnchor> anchors)
    {
        ConnectorAnchor[] staged = [.. anchors];
        return () => _anchors = staged;
    }
}
