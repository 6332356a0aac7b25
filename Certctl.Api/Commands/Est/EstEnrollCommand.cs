using System.CommandLine;
using System.Security.Cryptography.X509Certificates;
using Certctl.Api.Commands.Enrolling;
using Certctl.Infrastructure.EstClient;
using Certctl.Infrastructure.EstClient.Messages;
using Certctl.Infrastructure.ScepClient;
using Certctl.Infrastructure.ScepClient.Messages;

namespace Certctl.Api.Commands.Est;

/// <summary>
/// <c>certctl est enroll URL</c>, <c>renew</c> and <c>serverkeygen</c>. Exit codes: 0 issued, 2 usage, 3 refused by the server, 4 still
/// pending, 5 network or TLS, 6 the answer is wrong or untrusted, 7 a local file.
/// </summary>
internal sealed class EstEnrollCommand(
    EstOperation operation, ParseResult parsed, EstServerOptions server, EstEnrollOptions options)
{
    private static readonly (EstOperation Operation, string Verb, string Description)[] Verbs =
    [
        (EstOperation.SimpleEnroll, "enroll", "Get a certificate from an EST server, for a new or an existing key. "),
        (EstOperation.SimpleReenroll, "renew", "Renew a certificate at an EST server: same subject and names, asked for with the old "
            + "certificate as TLS client certificate. "),
        (EstOperation.ServerKeygen, "serverkeygen", "Let an EST server make a key and a certificate for it. "),
    ];

    private readonly string _verb = Verbs.Single(entry => entry.Operation == operation).Verb;

    internal static IEnumerable<Command> CreateAll() => Verbs.Select(
        entry => Create(entry.Operation, Environment.GetEnvironmentVariable, EstVerb.AskPassword));

    internal static Command Create(EstOperation operation, Func<string, string?> environment, Func<string?> askPassword)
    {
        var (_, verb, description) = Verbs.Single(entry => entry.Operation == operation);
        var command = new Command(verb, description + EstVerb.ExitCodes) { EstServerOptions.ServerArgument };
        foreach (var option in EstEnrollOptions.Of(operation)
            .Concat(operation == EstOperation.SimpleReenroll ? [] : EstServerOptions.OfIdentity).Concat(EstServerOptions.OfServer))
            command.Add(option);
        command.SetAction((parsed, cancellationToken) =>
        {
            var server = new EstServerOptions(parsed, environment, askPassword);
            var run = new EstEnrollCommand(operation, parsed, server, new EstEnrollOptions(parsed, operation));
            return EstVerb.GuardAsync(verb, parsed, server.Json, () => run.RunAsync(cancellationToken));
        });
        return command;
    }

    // Everything local is read and checked before the first packet; key and request are on disk before the request is sent.
    private async Task<int> RunAsync(CancellationToken cancellationToken)
    {
        options.Check();
        var (url, trust, credentials, passphrase) = (server.Url, server.FirstTrust, server.Credentials, server.Passphrase);
        var files = new EstRequestFiles(options.Enrol.Files, options, passphrase, Note);
        using var old = options.Enrol.OldCert is { } path ? OldCertificate(path) : null;
        using var identity = old is null ? server.Identity() : server.IdentityOf(options.Enrol.OldCert!, options.Enrol.OldKey!);
        if (options.EncryptsKey && identity is null)
            throw EstVerb.Misuse("--encrypt-key needs a certificate to encrypt to.", "Add --client-cert FILE --client-key FILE.");
        var names = old is null ? options.Enrol.Names : RequestedNames.Of(old);
        files.Check();

        using var session = await EstSession.OpenAsync(url, trust, identity, credentials, Note, cancellationToken);
        var plan = new CsrPlan(options.IgnoresAttributes || options.Resume
            ? CsrAttributes.None
            : await CsrPlan.FetchAsync(session.Transport, cancellationToken));
        plan.CheckSupported();
        using var key = files.TakeKey(plan);
        plan.Remark(key, names.Subject, Note);
        var request = files.TakeRequest(key, () => EstRequest.Build(
            names.Subject, plan.ExtensionsBeside(names.Alternatives, Note), key, plan.DigestFor(key),
            options.EncryptsKey ? identity : null));
        files.Keep(key, request);
        var wish = new EstWish
        {
            Operation = operation,
            Csr = request,
            Key = key,
            Subject = names.Subject,
            OldCertificate = old,
            KeyRecipient = options.EncryptsKey ? identity : null,
            PollInterval = options.PollInterval,
            Timeout = options.Enrol.Timeout,
        };
        return await FinishAsync(
            files, await new EstEnrolment(session.Transport, session.Trust, wish, TimeProvider.System, Note).RunAsync(cancellationToken));
    }

    private void Note(string text) => EstVerb.Note(_verb, parsed, text);

    private async Task<int> FinishAsync(EstRequestFiles files, EstEnd end)
    {
        switch (end)
        {
            case EstEnd.Issued issued:
                using (issued.Key)
                    files.Commit(issued);
                var report = new IssuedReport(issued.Certificate, files.CertificateFile, files.ChainFile, files.KeyFile);
                var key = issued.Certificate.KeyName();
                await ClientVerb.TellAsync(
                    parsed, server.Json, report.AsText(("key", $"{key}, made {(issued.Key is null ? "here" : "by the server")}")),
                    report.AsJson(("key_type", key)));
                return 0;
            case EstEnd.StillPending pending:
                return await PendingAsync(files, pending);
            case EstEnd.Refused { Refusal: var refusal }:
                // A wrong password says nothing about the request, and with --resume an earlier one may still be open.
                if (!options.Resume && refusal.Status != 401)
                    files.Drop();
                return await RefusedAsync(refusal);
            default:
                throw new InvalidOperationException($"no such end: {end.GetType().Name}");
        }
    }

    private async Task<int> PendingAsync(EstRequestFiles files, EstEnd.StillPending pending)
    {
        var how = $"The server asks to wait {pending.Wait.TotalSeconds:0} s. Once the request is approved, run the same command with "
            + $"--resume; the key waits in {files.KeyKept}.";
        var said = pending.Text is { } text ? $" The server says: \"{text}\"" : "";
        EstVerb.Report(_verb, parsed, EstStage.Waiting,
            $"the request is still pending after {options.Enrol.Timeout.TotalSeconds:0.###} s.{said}", how);
        await ClientVerb.TellAsync(parsed, server.Json, "", new
        {
            status = "pending",
            retry_after = (long)pending.Wait.TotalSeconds,
            text = pending.Text,
            key = files.KeyKept,
            advice = how,
            exit_code = ClientVerb.StillPending,
        });
        return ClientVerb.StillPending;
    }

    private async Task<int> RefusedAsync(EstRefusal refusal)
    {
        var said = refusal.Text is { } text ? $": \"{text.TrimEnd('.')}\"" : ", and gives no text";
        EstVerb.Report(_verb, parsed, EstStage.Request, $"the server refused (HTTP {refusal.Status}){said}.", refusal.Advice);
        await ClientVerb.TellAsync(parsed, server.Json, "", new
        {
            status = "refused",
            http_status = refusal.Status,
            text = refusal.Text,
            advice = refusal.Advice,
            exit_code = ClientVerb.Refused,
        });
        return ClientVerb.Refused;
    }

    private static X509Certificate2 OldCertificate(string path) => ClientVerb.Valid(
        EstServerOptions.CertificatesOf(path)[0], path,
        ("no TLS server takes an expired certificate.", "Enrol anew with `certctl est enroll`."));
}
