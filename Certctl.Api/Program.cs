using System.CommandLine;
using Certctl.Api.Commands.Admin;
using Certctl.Api.Commands.Est;
using Certctl.Api.Commands.Scep;
using Certctl.Api.Commands.Server;
using Certctl.Api.Commands.Status;
using Certctl.Api.Hosting.Reload;

// A container asks this every few seconds.
if (args is [HealthCommand.Name])
    return await HealthCommand.RunAsync(configPath: null, CancellationToken.None);

// Before anything that takes time: SIGHUP would end a server that is only starting.
if (args is ["serve" or "quickstart", ..])
    HangupSignal.Listen();

var root = new RootCommand("Certctl, a certificate enrolment server for managed devices.")
{
    QuickstartCommand.Create(),
    ServeCommand.Create(),
    MigrateCommand.Create(),
    DoctorCommand.Create(),
    HealthCommand.Create(),
    ProfilesCommand.Create(),
    ApprovalsCommand.Create(),
    RevokeCommand.Create(),
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
};
var command = root.Parse(args);

// A server answers what is under way before it ends, however slow its clients and its machine are: the host has a bound for that, and the
// parser's, two seconds, would cut it short. Every other verb may be ended in the middle.
var invocation = new InvocationConfiguration();
if (command.CommandResult.Command.Name is "serve" or "quickstart")
    invocation.ProcessTerminationTimeout = Timeout.InfiniteTimeSpan;
var code = await command.InvokeAsync(invocation);

// Exit code 2 tells a usage error from a failed command.
return command.Errors.Count > 0 ? 2 : code;
