using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Certctl.Api.Commands.Enrolling;
using Certctl.Infrastructure.ScepClient;
using Certctl.Infrastructure.StatusClient;

namespace Certctl.Api.Commands.Status;

/// <summary>What the verbs of a relying party share: exit codes, options, and how a failure is printed.</summary>
internal static class StatusVerb
{
    public const int Usage = 2;
    public const int Revoked = 3;
    public const int Unknown = 4;
    public const int Network = 5;
    public const int Unusable = 6;
    public const int LocalFile = 7;
    public const int Interrupted = 130;

    public static readonly JsonSerializerOptions JsonForm = ClientVerb.JsonForm;

    public static Option<string?> CaCert() => new("--cacert")
    {
        HelpName = "FILE",
        Description = "PEM file with the roots to trust for https. Without it: CERTCTL_CA_FILE, else the roots of this machine.",
    };

    public static Option<bool> Json() => new("--json") { Description = "One JSON object on one line." };

    public static Option<DateTimeOffset?> Now() => new("--now")
    {
        HelpName = "TIME",
        Description = "The time to judge at, such as 2027-01-31T12:00:00Z. Without it: this machine's clock.",
        CustomParser = static given =>
        {
            if (DateTimeOffset.TryParse(
                given.Tokens[0].Value, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal,
                out var time))
                return time;
            given.AddError($"--now: \"{ScepStageNames.Printable(given.Tokens[0].Value)}\" is no time. Example: 2027-01-31T12:00:00Z");
            return null;
        },
    };

    public static StatusTransport Connect(ParseResult parsed, Option<string?> caCert) =>
        new(ClientVerb.Trust(parsed.GetValue(caCert), Environment.GetEnvironmentVariable));

    /// <summary>The octets of a file or of what a URL serves.</summary>
    public static async Task<ReadOnlyMemory<byte>> ReadAsync(
        string place, ParseResult parsed, Option<string?> caCert, int max, CancellationToken cancellationToken)
    {
        if (!place.Contains("://", StringComparison.Ordinal))
            return await StatusFile.ReadAsync(place, cancellationToken);
        using var transport = Connect(parsed, caCert);
        return (await transport.GetAsync(Url(place), max, cancellationToken)).Body;
    }

    public static Uri Url(string text) => StatusTransport.Url(text) ?? throw new StatusClientException(
        StatusFault.Usage, $"\"{ScepStageNames.Printable(text)}\" is no http or https URL without a user name or password.");

    /// <summary>Runs the verb; what the client reports becomes a message and the exit code.</summary>
    public static async Task<int> GuardAsync(string verb, ParseResult parsed, bool json, Func<Task<int>> run)
    {
        try
        {
            return await run();
        }
        catch (StatusClientException trouble)
        {
            return await FailAsync(verb, parsed, json, trouble.Message, ExitCode(trouble.Fault));
        }
        catch (ScepClientException trouble)
        {
            // The roots of --cacert.
            return await FailAsync(verb, parsed, json, trouble.Message, LocalFile);
        }
        catch (OperationCanceledException)
        {
            await parsed.InvocationConfiguration.Error.WriteLineAsync($"certctl {verb}: interrupted.");
            return Interrupted;
        }
    }

    private static async Task<int> FailAsync(string verb, ParseResult parsed, bool json, string message, int code)
    {
        await parsed.InvocationConfiguration.Error.WriteLineAsync($"certctl {verb}: {message}");
        if (json)
        {
            await parsed.InvocationConfiguration.Output.WriteLineAsync(
                JsonSerializer.Serialize(new { status = "failed", message, exit_code = code }, JsonForm));
        }

        return code;
    }

    private static int ExitCode(StatusFault fault) => fault switch
    {
        StatusFault.Usage => Usage,
        StatusFault.Network => Network,
        StatusFault.Unusable => Unusable,
        StatusFault.LocalFile => LocalFile,
    };
}
