using System.CommandLine;
using Certctl.Api.Commands;
using Certctl.Api.Commands.Server;
using Certctl.Api.Hosting.Reload;

// A container asks this every few seconds.
if (args is [HealthCommand.Name])
    return await HealthCommand.RunAsync(configPath: null, CancellationToken.None);

// Before anything that takes time: SIGHUP would end a server that is only starting.
if (args is ["serve" or "quickstart", ..])
    HangupSignal.Listen();

return await CertctlCommand.RunAsync(args, new InvocationConfiguration());
