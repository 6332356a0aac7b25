using System.CommandLine;
using System.Text;
using Certctl.Api.Commands.Enrolling;
using Certctl.Infrastructure.EstClient;
using Certctl.Infrastructure.ScepClient;

namespace Certctl.Api.Commands.Est;

/// <summary>What the EST client's verbs share: exit codes, how a failure is printed, and the prompt for a password.</summary>
internal static class EstVerb
{
    public const string ExitCodes = "Exit codes: 0 done, 2 usage, 3 refused by the server, 4 still pending, 5 network or TLS, "
        + "6 the server's answer is wrong or untrusted, 7 a local file.";

    public static EstClientException Misuse(string message, string advice) => new(EstStage.Prepare, EstFault.Usage, message, advice);

    public static EstClientException Local(string message, string advice, Exception? inner = null) =>
        new(EstStage.Prepare, EstFault.LocalFile, message, advice, inner);

    /// <summary>Runs the verb; what the client reports becomes a message with its stage and remedy, and the exit code.</summary>
    public static async Task<int> GuardAsync(string verb, ParseResult parsed, bool json, Func<Task<int>> run)
    {
        try
        {
            return await run();
        }
        catch (EstClientException trouble)
        {
            return await FailAsync(verb, parsed, json, trouble);
        }
        catch (ScepClientException trouble)
        {
            return await FailAsync(verb, parsed, json, EstClientException.From(trouble));
        }
        catch (OperationCanceledException)
        {
            await parsed.InvocationConfiguration.Error.WriteLineAsync($"certctl est {verb}: interrupted.");
            return ClientVerb.Interrupted;
        }
    }

    public static void Note(string verb, ParseResult parsed, string text) =>
        parsed.InvocationConfiguration.Error.WriteLine($"certctl est {verb}: {text}");

    public static void Report(string verb, ParseResult parsed, EstStage stage, string message, string advice)
    {
        Note(verb, parsed, $"failed at stage {stage.Name()}: {message}");
        parsed.InvocationConfiguration.Error.WriteLine($"  What to do: {advice}");
    }

    /// <summary>Asks at the terminal, without showing what is typed; null where there is no terminal.</summary>
    public static string? AskPassword()
    {
        if (Console.IsInputRedirected)
            return null;
        Console.Error.Write("Password: ");
        var typed = new StringBuilder();
        while (Console.ReadKey(intercept: true) is { Key: not ConsoleKey.Enter } key)
        {
            if (key.Key == ConsoleKey.Backspace && typed.Length > 0)
                typed.Length--;
            else if (!char.IsControl(key.KeyChar))
                typed.Append(key.KeyChar);
        }

        Console.Error.WriteLine();
        return typed.ToString();
    }

    private static async Task<int> FailAsync(string verb, ParseResult parsed, bool json, EstClientException trouble)
    {
        Report(verb, parsed, trouble.Stage, trouble.Message, trouble.Advice);
        return await ClientVerb.FailAsync(
            parsed, json, ExitCode(trouble.Fault), (trouble.Stage.Name(), trouble.Message, trouble.Advice));
    }

    private static int ExitCode(EstFault fault) => fault switch
    {
        EstFault.Usage => ClientVerb.Usage,
        EstFault.Network => ClientVerb.Network,
        EstFault.Untrusted => ClientVerb.Untrusted,
        EstFault.LocalFile => ClientVerb.LocalFile,
    };
}
