using Certctl.Application.Scep;
using Certctl.Domain.Certificates;
using Certctl.Domain.Enrolments;
using Certctl.Infrastructure.Crypto.Cms;
using Certctl.Infrastructure.Crypto.Keys;
using Certctl.Infrastructure.Crypto.X509;

namespace Certctl.Infrastructure.Crypto.Scep;

/// <summary>
/// The RA pairs of one SCEP profile, each for signing, for decrypting or for both, as its certificate's keyUsage says. The newest valid one
/// that may sign signs and stands first in GetCACert; all that may decrypt do so until they expire.
/// Replaced as a whole (SIGHUP), without a lock on the reading side; requests under way finish with the ring that they began with.
/// </summary>
public sealed class RaKeyRing
{
    private readonly CaCertificateShape _shape;
    private readonly SubjectName[] _caNames;
    private volatile State _state;

    /// <param name="pairs">One at least that may sign, and one that may decrypt; RSA keys only (the preflight has refused others).</param>
    /// <param name="caChain">DER, issuing CA first, root last.</param>
    /// <param name="shape">What GetCACert hands out.</param>
    public RaKeyRing(
        IReadOnlyList<KeyPair> pairs, IReadOnlyList<ReadOnlyMemory<byte>> caChain, CaCertificateShape shape = CaCertificateShape.RaAndChain)
    {
        CaChain = [.. caChain];
        _caNames = [.. CaChain.Select(der => CertificateReader.TryRead(der, out var certificate, out _) ? certificate!.Subject : null)
            .OfType<SubjectName>()];
        _shape = shape;
        _state = new State(pairs);
    }

    /// <summary>
    /// Makes other pairs ready; the action puts them in place of all that are there and cannot fail. The old ones are not disposed: a
    /// request may still be decrypting with them, and counting those would cost every request a contended write. The finalizers of their
    /// handles free them when the last one is done.
    /// </summary>
    /// <exception cref="ArgumentException">A pair cannot be used.</exception>
    public Action Stage(IReadOnlyList<KeyPair> pairs)
    {
        var state = new State(pairs);
        return () => _state = state;
    }

    /// <summary>
    /// False where the runtime's libcrypto cannot be asked for bare RSA operations: paddings are then judged by the platform's exceptions,
    /// whose time an attacker may measure.
    /// </summary>
    public bool DecryptsInConstantTime => Array.TrueForAll(_state.Pairs, pair => pair.Transport.IsConstantTime);

    /// <summary>DER, issuing CA first, root last.</summary>
    internal IReadOnlyList<ReadOnlyMemory<byte>> CaChain { get; }

    /// <summary>The newest certificate that devices encrypt to, valid or not.</summary>
    public RequestSigner Newest => Array.Find(_state.Pairs, pair => pair.MayDecrypt)!.Certificate;

    /// <summary>Requests can be received and answered.</summary>
    internal bool HasValidPair(DateTimeOffset now) =>
        Array.Exists(_state.Pairs, pair => pair.MaySign && pair.IsValidAt(now))
        && Array.Exists(_state.Pairs, pair => pair.MayDecrypt && pair.IsValidAt(now));

    /// <summary>The pair that signs now.</summary>
    /// <exception cref="InvalidOperationException">None is valid: nothing can be answered until a valid one is put beside it
    /// (SIGHUP).</exception>
    internal RaPair SigningPair(DateTimeOffset now) => _state.SigningPair(now);

    /// <summary>The pair that <paramref name="recipient"/> names, or null.</summary>
    internal RaPair? FindRecipient(CertificateId recipient, DateTimeOffset now) =>
        Array.Find(_state.Pairs, pair => pair.MayDecrypt && !pair.IsExpiredAt(now) && recipient.Matches(pair.Certificate));

    /// <summary>What a request should have been encrypted to, for logs.</summary>
    internal string DescribeRecipients(DateTimeOffset now) =>
        string.Join(" or ", _state.Pairs.Where(pair => pair.MayDecrypt && !pair.IsExpiredAt(now)).Select(pair => pair.ToString()));

    /// <summary>Whether a CA, or an RA certificate that is valid, has this name.</summary>
    internal bool Shows(SubjectName name, DateTimeOffset now) =>
        Array.Exists(_caNames, ca => ca.SameAs(name))
        || Array.Exists(_state.Pairs, pair => pair.IsValidAt(now) && pair.Certificate.Subject.SameAs(name));

    /// <summary>The body of GetCACert; made again only when the pairs, or those of them that are valid, have changed.</summary>
    internal ScepCaCertificates CaCertificates(DateTimeOffset now)
    {
        var state = _state;
        var valid = Array.FindAll(state.Pairs, pair => pair.IsValidAt(now));
        if (state.Published is { } published && published.Pairs.AsSpan().SequenceEqual(valid))
            return published.Body;

        var body = CaCertificateBag.Write(_shape, state.Listed(now), CaChain);
        state.Published = new Publication(valid, body);
        return body;
    }

    /// <summary>
    /// What GetNextCACert hands out of a ring of the next CA (RFC 8894 §4.7.1): the same certificates, always in a degenerate SignedData.
    /// </summary>
    internal byte[] PackedCertificates(DateTimeOffset now) => CaCertificateBag.Pack(_shape, _state.Listed(now), CaChain);

    private sealed record Publication(RaPair[] Pairs, ScepCaCertificates Body);

    /// <summary>Newest first.</summary>
    private sealed class State
    {
        private volatile Publication? _published;

        public State(IReadOnlyList<KeyPair> pairs)
        {
            if (pairs.Count == 0)
                throw new ArgumentException("A SCEP profile needs at least one RA pair.", nameof(pairs));
            Pairs = [.. pairs.Select(pair => new RaPair(pair)).OrderByDescending(pair => pair.Certificate.NotBefore)];
            if (!Array.Exists(Pairs, pair => pair.MaySign) || !Array.Exists(Pairs, pair => pair.MayDecrypt))
                throw new ArgumentException(
                    "A SCEP profile needs an RA certificate that may sign and one that may decrypt.", nameof(pairs));
        }

        public RaPair[] Pairs { get; }

        public Publication? Published
        {
            get => _published;
            set => _published = value;
        }

        public RaPair SigningPair(DateTimeOffset now) => Newest(pair => pair.MaySign, "sign", now);

        // Compat: NDES's order, which every client that was tried reads: the certificate that signs, the one to encrypt to, then the rest.
        public IReadOnlyList<ReadOnlyMemory<byte>> Listed(DateTimeOffset now) =>
        [
            .. Array.FindAll(Pairs, pair => pair.IsValidAt(now))
                .Prepend(Newest(pair => pair.MayDecrypt, "decrypt", now))
                .Prepend(SigningPair(now))
                .Distinct()
                .Select(pair => pair.Certificate.CertificateDer),
        ];

        private RaPair Newest(Predicate<RaPair> may, string what, DateTimeOffset now) =>
            Array.Find(Pairs, pair => may(pair) && pair.IsValidAt(now))
                ?? throw new InvalidOperationException(
                    $"No RA certificate of this SCEP profile that may {what} is valid now; the newest is {Array.Find(Pairs, may)}.");
    }
}
