using System.CommandLine;
using System.Globalization;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Encodings.Web;
using System.Text.Json;
using Certctl.Infrastructure.ScepClient;

namespace Certctl.Api.Commands.Scep;

/// <summary>What the SCEP client's verbs share: URL, trust, exit codes, and how a failure is printed.</summary>
internal static class ScepVerb
{
    public const int Usage = 2;
    public const int Refused = 3;
    public const int StillPending = 4;
    public const int Network = 5;
    public const int Untrusted = 6;
    public const int LocalFile = 7;
    public const int Interrupted = 130;

    // Names and messages stand as they are; the output goes to a terminal or a JSON reader, never into HTML.
    public static readonly JsonSerializerOptions JsonForm = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static Uri ServerUrl(string? argument, Func<string, string?> environment)
    {
        var text = argument ?? environment("CERTCTL_SCEP_URL");
        if (string.IsNullOrWhiteSpace(text))
            throw Misuse("no SCEP URL was given.", "Name it, for example https://host/scep, or set CERTCTL_SCEP_URL.");
        // An option that does not exist is taken for the URL when that is left out.
        if (text.StartsWith('-'))
            throw Misuse($"there is no option {ScepStageNames.Printable(text)}.", "See --help.");
        if (!Uri.TryCreate(text, UriKind.Absolute, out var url) || (url.Scheme != Uri.UriSchemeHttps && url.Scheme != Uri.UriSchemeHttp))
            throw Misuse($"\"{ScepStageNames.Printable(text)}\" is no http or https URL.", "Example: https://host/scep");
        if (url.UserInfo.Length > 0)
            throw Misuse("the URL holds a user name or password.",
                "SCEP has neither; the challenge goes into CERTCTL_CHALLENGE or --challenge-file.");
        return url;
    }

    public static TlsTrust Trust(string? file, Func<string, string?> environment)
    {
        var path = file ?? environment("CERTCTL_CA_FILE");
        if (string.IsNullOrEmpty(path))
            return new TlsTrust.SystemRoots();
        var roots = new X509Certificate2Collection();
        ReadFile(path, "CA file", () =>
        {
            roots.ImportFromPemFile(path);
            if (roots.Count == 0)
                roots.Add(X509CertificateLoader.LoadCertificateFromFile(path));
            return roots;
        });
        return new TlsTrust.Roots(roots);
    }

    /// <summary>Reads a file; what goes wrong becomes a sentence that names it.</summary>
    public static T ReadFile<T>(string path, string what, Func<T> read)
    {
        try
        {
            return read();
        }
        catch (IOException trouble)
        {
            throw Unreadable(path, what, trouble);
        }
        catch (UnauthorizedAccessException trouble)
        {
            throw Unreadable(path, what, trouble);
        }
        catch (CryptographicException trouble)
        {
            throw Unreadable(path, what, trouble);
        }
    }

    /// <summary>10s, 5m, 1h, 500ms, or plain seconds.</summary>
    public static TimeSpan Duration(string option, string text)
    {
        (string Unit, double Seconds)[] units = [("ms", 0.001), ("s", 1), ("m", 60), ("h", 3600), ("", 1)];
        var (unit, seconds) = units.First(entry => text.EndsWith(entry.Unit, StringComparison.Ordinal));
        if (!double.TryParse(text[..^unit.Length], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number)
            || number * seconds > 30 * 86400)
            throw Misuse($"{option} \"{ScepStageNames.Printable(text)}\" is no duration.", "Examples: 10s, 5m, 1h; at most 30 days.");
        return TimeSpan.FromSeconds(number * seconds);
    }

    public static ScepClientException Misuse(string message, string advice) =>
        new(ScepStage.Prepare, ScepClientFault.Usage, message, advice);

    /// <summary>Runs the verb; whatever the client reports becomes a message with its stage and remedy, and the exit code.</summary>
    public static async Task<int> GuardAsync(string verb, ParseResult parsed, bool json, Func<Task<int>> run)
    {
        try
        {
            return await run();
        }
        catch (ScepClientException trouble)
        {
            var code = ExitCode(trouble.Fault);
            Report(verb, parsed, trouble.Stage.Name(), trouble.Message, trouble.Advice);
            if (json)
            {
                await parsed.InvocationConfiguration.Output.WriteLineAsync(JsonSerializer.Serialize(
                    new
                    {
                        status = "failed",
                        stage = trouble.Stage.Name(),
                        message = trouble.Message,
                        advice = trouble.Advice,
                        exit_code = code,
                    },
                    JsonForm));
            }

            return code;
        }
        catch (OperationCanceledException)
        {
            await parsed.InvocationConfiguration.Error.WriteLineAsync($"certctl scep {verb}: interrupted.");
            return Interrupted;
        }
    }

    public static void Report(string verb, ParseResult parsed, string stage, string message, string advice)
    {
        parsed.InvocationConfiguration.Error.WriteLine($"certctl scep {verb}: failed at stage {stage}: {message}");
        parsed.InvocationConfiguration.Error.WriteLine($"  What to do: {advice}");
    }

    private static int ExitCode(ScepClientFault fault) => fault switch
    {
        ScepClientFault.Usage => Usage,
        ScepClientFault.Network => Network,
        ScepClientFault.Untrusted => Untrusted,
        ScepClientFault.LocalFile => LocalFile,
    };

    private static ScepClientException Unreadable(string path, string what, Exception trouble) => new(
        ScepStage.Prepare, ScepClientFault.LocalFile,
        $"{what} {path} cannot be read: {trouble.Message}", "Check the path, its permissions and that it is a file of that kind.", trouble);
}
