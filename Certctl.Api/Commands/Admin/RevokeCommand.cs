using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using Certctl.Api.Configuration.Server;
using Certctl.Api.Rest.Http;
using Certctl.Application.Admin;
using Certctl.Application.Admin.Certificates;
using Certctl.Domain.Certificates;

namespace Certctl.Api.Commands.Admin;

/// <summary><c>certctl revoke</c> and <c>certctl revoke release</c>: ends certificates, on the server's own database.</summary>
internal static class RevokeCommand
{
    private static readonly Option<string?> Config = new("--config")
    {
        Description = "JSON file with the settings of the server.",
        Recursive = true,
    };

    private static readonly Option<string?> Serial = SharedSerial();

    private static readonly Option<string> Issuer = new("--issuer")
    {
        Description = "Id of the issuer that signed it. Without --serial: revoke all of this issuer.",
        DefaultValueFactory = _ => CaSettings.LocalIssuer,
        Recursive = true,
    };

    private static readonly Option<string> Note = new("--note")
    {
        Description = "Why, for the audit trail.",
        DefaultValueFactory = _ => "",
        Recursive = true,
    };

    private static readonly Option<string> Actor = SharedActor();

    private static readonly Option<string?> Reason = new("--reason")
    {
        HelpName = "WORD",
        Description = $"One of {string.Join(", ", RevocationReasons.All)}. Without it: unspecified.",
        Validators =
        {
            static given =>
            {
                if (given.Tokens is [{ Value: var word }] && !RevocationReasons.All.Contains(word))
                    given.AddError($"--reason is one of {string.Join(", ", RevocationReasons.All)}.");
            },
        },
    };

    private static readonly Option<bool> Hold = new("--hold")
    {
        Description = "Short for --reason certificateHold: it counts again after certctl revoke release.",
    };

    private static readonly Option<DateTimeOffset?> InvalidSince = new("--invalid-since")
    {
        HelpName = "TIME",
        Description = "Since when the key is known or thought to be compromised, such as 2026-11-30T08:00:00Z; the CRL says it "
            + "(invalidityDate).",
        CustomParser = static given =>
        {
            if (DateTimeOffset.TryParse(
                given.Tokens[0].Value, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time))
                return time;
            given.AddError("--invalid-since is no time, such as 2026-11-30T08:00:00Z.");
            return null;
        },
    };

    public static Command Create()
    {
        var release = new Command("release", "End a certificateHold; what was revoked for another reason stays revoked.");
        release.Validators.Add(CheckRelease);
        release.SetAction((parse, token) => ActAsync(parse, ReleaseOf(parse), token));
        var command = new Command(
            "revoke", "End a certificate before its time: for good, unless the reason is certificateHold. Renewals, the CRL and OCSP go by "
                + "the database. Without --serial: all that every given criterion names.")
        {
            Config, Serial, Issuer, Reason, Hold, InvalidSince, Note, Actor, release,
        };
        foreach (var option in RevokeManyVerb.Options)
            command.Add(option);
        command.Validators.Add(CheckRevocation);
        command.SetAction((parse, token) => parse.GetValue(Serial) is null
            ? RevokeManyAsync(parse, token)
            : ActAsync(parse, RevocationOf(parse), token));
        return command;
    }

    private static void CheckRevocation(CommandResult given)
    {
        if (given.GetValue(Hold) && given.GetValue(Reason) is { } word and not "certificateHold")
            given.AddError($"--hold is the reason certificateHold, and --reason says {word}.");
        if (IsGiven(given, Issuer) && string.IsNullOrWhiteSpace(given.GetValue(Issuer)))
            given.AddError("--issuer needs a value; leave it out where it does not matter.");
        var many = RevokeManyVerb.Options.Where(option => IsGiven(given, option)).Select(option => option.Name).ToList();
        if (IsGiven(given, Serial))
        {
            if (many.Count > 0)
                given.AddError($"{many[0]} is for many certificates, and --serial names one.");
        }
        else if (!new Option[] { RevokeManyVerb.Profile, RevokeManyVerb.Path, RevokeManyVerb.Source, Issuer }
            .Any(option => IsGiven(given, option)))
        {
            given.AddError("Option '--serial' is required, or one of --profile, --path, --source, --issuer for many certificates.");
        }
        else if (IsGiven(given, InvalidSince))
        {
            given.AddError("--invalid-since is for one certificate, which --serial names.");
        }
    }

    // What a release cannot do must not be left out in silence.
    private static void CheckRelease(CommandResult given)
    {
        if (!IsGiven(given, Serial))
            given.AddError("Option '--serial' is required.");
        foreach (var option in RevokeManyVerb.Options.Append(Reason).Append(Hold).Where(option => IsGiven(given, option)))
            given.AddError($"release takes no {option.Name}.");
    }

    private static bool IsGiven(SymbolResult given, Option option) => given.GetResult(option) is { Implicit: false };

    private static Option<string?> SharedSerial()
    {
        var serial = SerialOption.Create("The certificate's serial number.");
        serial.Recursive = true;
        return serial;
    }

    private static Option<string> SharedActor()
    {
        var actor = OperatorOption.Create(
            "Who revokes, where several people share an account of the system. Both names go into the audit trail.");
        actor.Recursive = true;
        return actor;
    }

    private static RevokeCertificateCommand RevocationOf(ParseResult parse) => new(
        parse.GetValue(Issuer)!, SerialOf(parse), ReasonOf(parse), parse.GetValue(Note)!, OperatorOption.Caller(parse.GetValue(Actor)!))
    {
        InvalidSince = parse.GetValue(InvalidSince),
    };

    private static RevocationReason ReasonOf(ParseResult parse) =>
        parse.GetValue(Hold) ? RevocationReason.CertificateHold : RevocationReasons.Of(parse.GetValue(Reason));

    private static ReleaseCertificateCommand ReleaseOf(ParseResult parse) => new(
        parse.GetValue(Issuer)!, SerialOf(parse), parse.GetValue(Note)!, OperatorOption.Caller(parse.GetValue(Actor)!));

    private static string SerialOf(ParseResult parse) => SerialNumberText.Read(parse.GetValue(Serial)!)!;

    private static Task<int> RevokeManyAsync(ParseResult parse, CancellationToken cancellationToken) =>
        Database.WithAsync(
            "revoke", parse.GetValue(Config),
            (services, bounded) => RevokeManyVerb.RunAsync(
                parse, parse.GetResult(Issuer) is { Implicit: false } ? parse.GetValue(Issuer) : null, ReasonOf(parse),
                parse.GetValue(Note)!, OperatorOption.Caller(parse.GetValue(Actor)!), services, bounded),
            Fail, cancellationToken);

    private static Task<int> ActAsync(ParseResult parse, AdminCommand command, CancellationToken cancellationToken) =>
        Database.WithAsync(
            "revoke", parse.GetValue(Config),
            async (services, bounded) => Tell(
                await services.GetRequiredService<AdminDispatcher>().SendAsync(command, bounded), SerialOf(parse), parse.GetValue(Issuer)!),
            Fail, cancellationToken);

    private static int Tell(AdminOutcome outcome, string serial, string issuer)
    {
        switch (outcome)
        {
            case AdminOutcome.Done(var summary):
                Console.WriteLine($"{serial} {summary}.");
                return 0;
            case AdminOutcome.Invalid(var problems):
                return Fail(problems);
            case AdminOutcome.NotFound:
                return Fail([$"There is no certificate of {issuer} with the serial number {serial}."]);
            case AdminOutcome.Conflict(var detail):
                return Fail([detail]);
            default:
                throw new InvalidOperationException("No revocation ends like that.");
        }
    }

    public static int Fail(IReadOnlyList<string> problems)
    {
        foreach (var problem in problems)
            Console.Error.WriteLine($"certctl revoke: {problem}");
        return 1;
    }
}
