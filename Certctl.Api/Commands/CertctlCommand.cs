using System.CommandLine;
using Certctl.Api.Commands.Admin;
using Certctl.Api.Commands.Est;
using Certctl.Api.Commands.Import;
using Certctl.Api.Commands.Scep;
using Certctl.Api.Commands.Server;
using Certctl.Api.Commands.Status;

namespace Certctl.Api.Commands;

/// <summary>The command line as a whole: its verbs, and what becomes of their exit codes.</summary>
internal static class CertctlCommand
{
    /// <summary>Parses a command line and runs its verb; 2 tells a usage error from a verb that failed.</summary>
    public static async Task<int> RunAsync(IReadOnlyList<string> arguments, InvocationConfiguration invocation)
    {
        var command = Create().Parse(arguments);

        // A server answers what is under way before it ends, however slow its clients and its machine are: the host has a bound for that,
        // and the parser's, two seconds, would cut it short. Every other verb may be ended in the middle.
        if (command.CommandResult.Command.Name is "serve" or "quickstart")
            invocation.ProcessTerminationTimeout = Timeout.InfiniteTimeSpan;
        var code = await command.InvokeAsync(invocation);
        return command.Errors.Count > 0 ? 2 : code;
    }

    private static RootCommand Create() => new("Certctl, a certificate enrolment server for managed devices.")
    {
        QuickstartCommand.Create(),
        ServeCommand.Create(),
        MigrateCommand.Create(),
        DoctorCommand.Create(),
        HealthCommand.Create(),
        ProfilesCommand.Create(),
        ApprovalsCommand.Create(),
        RevokeCommand.Create(),
        ImportCommand.Create(),
        new Command("crl", "Read and check a CRL as a relying party does.")
        {
            CrlShowCommand.Create(),
            CrlVerifyCommand.Create(),
        },
        new Command("ocsp", "Ask an OCSP responder as a relying party does.")
        {
            OcspQueryCommand.Create(),
        },
        new Command("intune", "Signed challenges: how they fare, and a connector to rehearse with.")
        {
            IntuneSimCommand.Create(),
            IntuneStatsCommand.Create(),
        },
        new Command("scep", "Talk to a SCEP server as a device does.")
        {
            ScepProbeCommand.Create(),
            ScepEnrollCommand.Create(),
        },
        EstCommand.Create(),
        HelpFiles.Create(Create),
    };
}
