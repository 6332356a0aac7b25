using Certctl.Api.Hosting.Startup;
using Certctl.Application.Admin.Reload;

namespace Certctl.Api.Hosting.Reload;

/// <summary>One part of a running server as it was read again: ready to be put to use, or refused.</summary>
internal sealed record StagedPart(PartName Part)
{
    /// <summary>Why the old one stays in use; empty: the new one can be used.</summary>
    public IReadOnlyList<string> Problems { get; init; } = [];

    public IReadOnlyList<string> Warnings { get; init; } = [];

    /// <summary>Puts it to use; cannot fail.</summary>
    public Action Commit { get; init; } = () => { };

    /// <summary>What is new about it; null: it is as it was, or refused.</summary>
    public PartChange? Change { get; init; }

    /// <summary>Of a refused part: a restart would take it.</summary>
    public bool NeedsRestart { get; init; }

    /// <summary>For log and audit: which part.</summary>
    public string Description => Part.PathId is null ? Part.Name : $"{Part.Name} of {Protocol} profile \"{Part.PathId}\"";

    // As PartName has it: the parts of EST say so in their names.
    private string Protocol => Part.Name.StartsWith("est_", StringComparison.Ordinal) ? "EST" : "SCEP";

    /// <summary>What became of it, after its commit.</summary>
    public PartReload Result => new(
        Part,
        Problems.Count > 0 ? NeedsRestart ? PartResult.NeedsRestart : PartResult.Refused
            : Change is null ? PartResult.Unchanged : PartResult.Exchanged,
        Change?.Before,
        Change?.After,
        Problems);

    public StagedPart Refuse(params IReadOnlyList<string> problems) => new(Part) { Problems = problems, Warnings = Warnings };

    public StagedPart RefuseUntilRestart(params IReadOnlyList<string> problems) => Refuse(problems) with { NeedsRestart = true };

    /// <summary>With what the checks found; where they found a problem, no change.</summary>
    public StagedPart Judge(IEnumerable<PreflightCheck> checks)
    {
        var all = checks.ToList();
        return this with
        {
            Problems = [.. Problems, .. all.SelectMany(check => check.Problems.Select(problem => $"{check.Name}: {problem}"))],
            Warnings = [.. Warnings, .. all.SelectMany(check => check.Warnings.Select(warning => $"{check.Name}: {warning}"))],
        };
    }

    public StagedPart Exchange(PartChange? change, Action commit) => this with { Change = change, Commit = commit };
}
