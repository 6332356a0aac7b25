using System.CommandLine;
using Certctl.Api.Commands.Enrolling;
using Certctl.Infrastructure.ScepClient;

namespace Certctl.Api.Commands.Scep;

/// <summary>What the SCEP client's verbs share: URL, exit codes, and how a failure is printed.</summary>
internal static class ScepVerb
{
    public static Uri ServerUrl(string? argument, Func<string, string?> environment)
    {
        var text = argument ?? environment("CERTCTL_SCEP_URL");
        if (string.IsNullOrWhiteSpace(text))
            throw ClientVerb.Misuse("no SCEP URL was given.", "Name it, for example https://host/scep, or set CERTCTL_SCEP_URL.");
        // An option that does not exist is taken for the URL when that is left out.
        if (text.StartsWith('-'))
            throw ClientVerb.Misuse($"there is no option {ScepStageNames.Printable(text)}.", "See --help.");
        if (!Uri.TryCreate(text, UriKind.Absolute, out var url) || (url.Scheme != Uri.UriSchemeHttps && url.Scheme != Uri.UriSchemeHttp))
            throw ClientVerb.Misuse($"\"{ScepStageNames.Printable(text)}\" is no http or https URL.", "Example: https://host/scep");
        if (url.UserInfo.Length > 0)
            throw ClientVerb.Misuse("the URL holds a user name or password.",
                "SCEP has neither; the challenge goes into CERTCTL_CHALLENGE or --challenge-file.");
        return url;
    }

    /// <summary>Runs the verb; whatever the client reports becomes a message with its stage and remedy, and the exit code.</summary>
    public static async Task<int> GuardAsync(string verb, ParseResult parsed, bool json, Func<Task<int>> run)
    {
        try
        {
            return await run();
        }
        catch (ScepClientException trouble)
        {
            var what = (Stage: trouble.Stage.Name(), trouble.Message, trouble.Advice);
            Report(verb, parsed, what.Stage, what.Message, what.Advice);
            return await ClientVerb.FailAsync(parsed, json, ExitCode(trouble.Fault), what);
        }
        catch (OperationCanceledException)
        {
            await parsed.InvocationConfiguration.Error.WriteLineAsync($"certctl scep {verb}: interrupted.");
            return ClientVerb.Interrupted;
        }
    }

    public static void Report(string verb, ParseResult parsed, string stage, string message, string advice)
    {
        parsed.InvocationConfiguration.Error.WriteLine($"certctl scep {verb}: failed at stage {stage}: {message}");
        parsed.InvocationConfiguration.Error.WriteLine($"  What to do: {advice}");
    }

    private static int ExitCode(ScepClientFault fault) => fault switch
    {
        ScepClientFault.Usage => ClientVerb.Usage,
        ScepClientFault.Network => ClientVerb.Network,
        ScepClientFault.Untrusted => ClientVerb.Untrusted,
        ScepClientFault.LocalFile => ClientVerb.LocalFile,
    };
}
