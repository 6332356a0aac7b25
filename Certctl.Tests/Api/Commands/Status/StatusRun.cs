using System.CommandLine;
using System.Text.Json;

namespace Certctl.Tests.Api.Commands.Status;

/// <summary>One run of a verb in this process.</summary>
internal sealed record StatusRun(int Code, string Output, string Error)
{
    public JsonElement Json => JsonDocument.Parse(Output).RootElement;

    public static async Task<StatusRun> OfAsync(Command command, params string[] arguments)
    {
        using var output = new StringWriter();
        using var error = new StringWriter();
        var code = await command.Parse(arguments).InvokeAsync(new InvocationConfiguration { Output = output, Error = error });
        return new StatusRun(code, output.ToString(), error.ToString());
    }
}
