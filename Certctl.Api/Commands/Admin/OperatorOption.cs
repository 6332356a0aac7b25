using System.CommandLine;
using Certctl.Application.Admin;

namespace Certctl.Api.Commands.Admin;

/// <summary><c>--actor</c>: who decides, where several people share an account of the system.</summary>
internal static class OperatorOption
{
    public static Option<string> Create(string description)
    {
        var actor = new Option<string>("--actor") { Description = description, DefaultValueFactory = _ => SystemAccount.Name };
        actor.Validators.Add(given =>
        {
            if (given.GetValueOrDefault<string>() is { } name && ReservedNames.Contains(name))
                given.AddError($"--actor must not be one of {string.Join(", ", ReservedNames.All)}, which the audit trail uses itself.");
        });
        return actor;
    }

    /// <summary>The name is the caller's to choose, the account is not: one person must not count as two.</summary>
    public static AdminCaller Caller(string actor) => new(actor, "command line") { Principal = SystemAccount.Name };
}
