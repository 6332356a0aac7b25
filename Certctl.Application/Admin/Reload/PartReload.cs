namespace Certctl.Application.Admin.Reload;

/// <summary>
/// Reads parts of the running server again, puts to use what changed and is good, and writes an audit event for each part that changed or
/// was refused before it returns. Runs that come at once follow each other.
/// </summary>
/// <param name="by">For the audit trail.</param>
/// <param name="only">The one part that is read; null: all.</param>
/// <param name="cancellationToken">Ends the wait for another run; a run that has begun is finished.</param>
/// <returns>The parts that were read, and <c>configuration</c> where the settings themselves are refused.</returns>
public delegate Task<IReadOnlyList<PartReload>> ReloadParts(AdminCaller by, PartName? only, CancellationToken cancellationToken);

/// <summary>Which part of a running server.</summary>
/// <param name="Name">As the audit trail has it: <c>tls</c>, <c>ra_pairs</c>, <c>challenge</c> …</param>
/// <param name="PathId">Of the profile; null for a part of the whole server.</param>
public sealed record PartName(string Name, string? PathId)
{
    /// <summary>The connectors of a SCEP profile.</summary>
    public const string Connectors = "intune_trust";

    /// <summary>The trust bundle of an EST profile.</summary>
    public const string EstTrust = "est_mtls_trust";
}

public enum PartResult
{
    Exchanged,

    /// <summary>It was read and is what is in use.</summary>
    Unchanged,

    /// <summary>What was read cannot be used; the old one stays.</summary>
    Refused,

    /// <summary>What was read can be used by a restart alone; the old one stays.</summary>
    NeedsRestart,
}

/// <summary>What a reload did to one part.</summary>
/// <param name="OldFingerprint">
/// SHA-256 in lower-case hex of each certificate before the exchange; null where nothing was exchanged, and for a secret.
/// </param>
/// <param name="NewFingerprint">Likewise of those that are in use now.</param>
/// <param name="Problems">Why the old one stays; empty otherwise.</param>
public sealed record PartReload(
    PartName Part, PartResult Result, string? OldFingerprint, string? NewFingerprint, IReadOnlyList<string> Problems);
