using System.CommandLine;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Certctl.Api.Commands.Enrolling;
using Certctl.Infrastructure.ScepClient;
using Certctl.Infrastructure.ScepClient.Messages;

namespace Certctl.Api.Commands.Scep;

/// <summary>
/// <c>certctl scep enroll URL</c>. Exit codes: 0 issued, 2 usage, 3 refused by the server, 4 still pending, 5 network or TLS, 6 the answer
/// is wrong or untrusted, 7 a local file.
/// </summary>
internal static class ScepEnrollCommand
{
    internal static Command Create() => Create(Environment.GetEnvironmentVariable);

    internal static Command Create(Func<string, string?> environment)
    {
        var command = new Command(
            "enroll", "Get a certificate from a SCEP server. Exit codes: 0 issued, 2 usage, 3 refused by the server, 4 still pending, "
                + "5 network or TLS, 6 the server's answer is wrong or untrusted, 7 a local file.") { ScepEnrollOptions.ServerArgument };
        foreach (var option in ScepEnrollOptions.All)
            command.Add(option);
        command.SetAction((parsed, cancellationToken) =>
        {
            var options = new ScepEnrollOptions(parsed, environment);
            return ScepVerb.GuardAsync("enroll", parsed, options.Json, () => RunAsync(parsed, options, cancellationToken));
        });
        return command;
    }

    // Everything local is read and checked before the first packet; the key is on disk before the request is sent.
    private static async Task<int> RunAsync(ParseResult parsed, ScepEnrollOptions options, CancellationToken cancellationToken)
    {
        void Note(string text) => parsed.InvocationConfiguration.Error.WriteLine($"certctl scep enroll: {text}");

        options.Check();
        var enrol = options.Enrol;
        var (url, files, choices, passphrase) = (options.Url, enrol.Files, options.Choices, options.Passphrase);
        using var oldCertificate = options.Renew ? OldCertificate(enrol.OldCert!) : null;
        using var oldKey = options.Renew ? DeviceKey.Load(enrol.OldKey!, passphrase) : null;
        if (oldCertificate is not null && !oldCertificate.HasKeyOf(oldKey!.ExportSubjectPublicKeyInfo()))
            throw ClientVerb.Local($"{enrol.OldKey} is not the key of {enrol.OldCert}.", "Name the pair that belongs together.");
        RefuseToOverwrite(options, files);
        using var key = TakeKey(options, files, passphrase, Note, out var isDraft);
        var wish = new EnrolmentWish
        {
            Names = oldCertificate is null ? enrol.Names : RequestedNames.Of(oldCertificate),
            Key = key,
            Challenge = options.Challenge,
            OldCertificate = oldCertificate,
            OldKey = oldKey,
            Resume = options.Resume,
            PollInterval = options.PollInterval,
            Timeout = enrol.Timeout,
        };
        files.CheckFolders();
        if (url.Scheme == Uri.UriSchemeHttp)
            Note("plain http: others can read which device enrols, and change what is not signed.");

        using var transport = new ScepTransport(url, options.Trust);
        using var session = await ScepSession.OpenAsync(transport, choices, TimeProvider.System, Note, cancellationToken);
        if (isDraft)
            files.WriteKeyDraft(DeviceKey.ToPem(key, passphrase));
        var end = await new ScepEnrolment(session, wish, TimeProvider.System, Note).RunAsync(cancellationToken);
        return await FinishAsync(parsed, options, files, isDraft, end);
    }

    private static async Task<int> FinishAsync(
        ParseResult parsed, ScepEnrollOptions options, DeviceFiles files, bool isDraft, EnrolmentEnd end)
    {
        var keyFile = options.Enrol.Key ?? files.Key;
        switch (end)
        {
            case EnrolmentEnd.Issued issued:
                files.Commit(issued.Certificate, issued.Chain, isDraft);
                var report = new IssuedReport(issued.Certificate, files.Certificate, files.Chain, keyFile);
                await ClientVerb.TellAsync(
                    parsed, options.Json, report.AsText(), report.AsJson(("transaction_id", issued.TransactionId)));
                return 0;
            case EnrolmentEnd.StillPending pending:
                var kept = isDraft ? files.KeyDraft : keyFile;
                var how = $"Once the request is approved, run the same command with --resume; the key waits in {kept}.";
                ScepVerb.Report("enroll", parsed, ScepStage.Polling.Name(),
                    $"the request is still pending after {options.Enrol.Timeout.TotalSeconds:0.###} s "
                        + $"(transaction {pending.TransactionId}).", how);
                await ClientVerb.TellAsync(parsed, options.Json, "", new
                {
                    status = "pending",
                    transaction_id = pending.TransactionId,
                    key = kept,
                    advice = how,
                    exit_code = ClientVerb.StillPending,
                });
                return ClientVerb.StillPending;
            case EnrolmentEnd.Refused { Refusal: var refusal } refused:
                // With --resume nothing was asked that could have been refused: the first request may still be open.
                if (isDraft && !options.Resume)
                    files.DropKeyDraft();
                var said = refusal.Text is { Length: > 0 } text ? $": \"{text.TrimEnd('.')}\"" : ", and gives no text";
                ScepVerb.Report("enroll", parsed, ScepStage.Reply.Name(), $"the server refused: {refusal.Name}{said}.", refusal.Advice);
                await ClientVerb.TellAsync(parsed, options.Json, "", new
                {
                    status = "refused",
                    fail_info = refusal.Name,
                    fail_info_text = refusal.Text,
                    transaction_id = refused.TransactionId,
                    advice = refusal.Advice,
                    exit_code = ClientVerb.Refused,
                });
                return ClientVerb.Refused;
            default:
                throw new InvalidOperationException($"no such end: {end.GetType().Name}");
        }
    }

    private static AsymmetricAlgorithm TakeKey(
        ScepEnrollOptions options, DeviceFiles files, string? passphrase, Action<string> note, out bool isDraft)
    {
        isDraft = options.Enrol.Key is null;
        if (options.Enrol.Key is { } existing)
            return DeviceKey.Load(existing, passphrase);
        // The same key asks in the same transaction: the repetition of an interrupted run is an honest retry, not a second request.
        if (File.Exists(files.KeyDraft) && !(options.Enrol.Force && !options.Resume))
        {
            note($"using the key of an unfinished enrolment, {files.KeyDraft} (delete it to start with a new key).");
            return DeviceKey.Load(files.KeyDraft, passphrase);
        }

        if (options.Resume)
            throw ClientVerb.Local(
                $"there is no {files.KeyDraft} to resume with.", "Name the key of the pending request with --key, or leave out --resume.");
        return DeviceKey.Create(options.KeyKind);
    }

    private static void RefuseToOverwrite(ScepEnrollOptions options, DeviceFiles files)
    {
        if (options.Enrol.Key is null && !options.Enrol.Force && File.Exists(files.Key))
            throw ClientVerb.Local($"the key file {files.Key} exists.",
                "Choose another with --out or --key-out, enrol this one with --key, "
                    + "or replace it with --force (it stays until the new certificate is verified).");
    }

    private static X509Certificate2 OldCertificate(string path) => ClientVerb.Valid(
        ClientVerb.ReadFile(path, "old certificate", () => X509CertificateLoader.LoadCertificateFromFile(path)), path,
        ("an expired certificate cannot vouch for its renewal.", "Enrol anew, with a challenge and without --renew."));
}
