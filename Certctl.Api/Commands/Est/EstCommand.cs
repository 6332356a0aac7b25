using System.CommandLine;

namespace Certctl.Api.Commands.Est;

/// <summary><c>certctl est</c>: the verbs of an EST client (RFC 7030).</summary>
internal static class EstCommand
{
    internal static Command Create()
    {
        var command = new Command("est", "Talk to an EST server as a device does.")
        {
            EstCaCertsCommand.Create(),
            EstCsrAttrsCommand.Create(),
        };
        foreach (var verb in EstEnrollCommand.CreateAll())
            command.Add(verb);
        return command;
    }
}
