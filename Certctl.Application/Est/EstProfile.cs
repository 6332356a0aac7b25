using Certctl.Application.Challenges.Static;
using Certctl.Application.ClientCertificates;
using Certctl.Application.Enrolments;
using Certctl.Application.Est.CsrAttributes;

namespace Certctl.Application.Est;

/// <summary>One EST endpoint as configured and checked at start: its policy, and what only EST needs beside it.</summary>
public sealed class EstProfile
{
    public required EnrolmentPolicy Policy { get; init; }

    /// <summary>The label in the path (RFC 7030 §3.2.2); empty: the endpoint without one.</summary>
    public string PathId => Policy.PathId;

    public required EstAuthModes Modes
    {
        get;
        init => field = value == EstAuthModes.None ? throw new ArgumentException("No mode of authentication.", nameof(value)) : value;
    }

    /// <summary>What Basic and challengePassword are compared with; a reload exchanges it.</summary>
    public required StaticChallengeValidator Passwords { get; init; }

    /// <summary>Wrong passwords that an address may send in an hour; 0: any number.</summary>
    public required int MaxWrongPasswords { get; init; }

    /// <summary>Whose client certificates are let in; null: those of no CA, and the endpoint is not served at <c>est-mtls</c>.</summary>
    public IClientTrust? ClientTrust { get; init; }

    /// <summary>
    /// DER: the CA in use, those above it up to the root, and what clients of another root need, as they are valid now; without the next
    /// CA.
    /// </summary>
    public required Func<IReadOnlyList<ReadOnlyMemory<byte>>> CaCertificates { get; init; }

    /// <summary>Clients renew with the certificate that they renew (RFC 7030 §4.2.2).</summary>
    public bool ServesRenewals { get; init; } = true;

    /// <summary>Answers are base64 in lines of 76 columns; else in one line.</summary>
    public bool BreaksLines { get; init; } = true;

    /// <summary>The server makes keys for its devices (RFC 7030 §4.4).</summary>
    public bool ServesServerKeys { get; init; }

    /// <summary>With which of them it can encrypt those keys: by identifier in lower-case hex.</summary>
    public IReadOnlyDictionary<string, byte[]> SharedKeys { get; init; } = new Dictionary<string, byte[]>();

    /// <summary>What csrattrs says beside the certificate profile.</summary>
    public CsrAttributesForm CsrAttributes { get; init; } = new(WantsChallenge: false, HasTemplate: false);

    public bool Takes(EstAuthModes mode) => Modes.HasFlag(mode);

    /// <summary>What authorises a request may be in it, or is not wanted at all.</summary>
    public bool TakesRequestsWithoutCredentials =>
        Modes is EstAuthModes.Anonymous or EstAuthModes.Approval || Takes(EstAuthModes.Challenge);
}

/// <summary>The EST endpoints that this process serves.</summary>
public sealed class EstProfileTable(IEnumerable<EstProfile> profiles)
{
    private readonly Dictionary<string, EstProfile> _byPathId = profiles.ToDictionary(profile => profile.PathId, StringComparer.Ordinal);

    /// <summary>By label.</summary>
    public IReadOnlyDictionary<string, EstProfile> All => _byPathId;
}
