using System.CommandLine;
using Certctl.Api.Commands;

var root = new RootCommand("Certctl, a certificate enrolment server for managed devices.")
{
    QuickstartCommand.Create(),
    ServeCommand.Create(),
    MigrateCommand.Create(),
    DoctorCommand.Create(),
    ProfilesCommand.Create(),
    new Command("scep", "Talk to a SCEP server as a device does.")
    {
        ScepProbeCommand.Create(),
        ScepEnrollCommand.Create(),
    },
};
return await root.Parse(args).InvokeAsync();
