using Certctl.Api.Configuration;
using Certctl.Tests.Fixtures;
using Xunit;

namespace Certctl.Tests.Api.Configuration;

/// <summary>Secrets: from the variable or from a file, and never in any output.</summary>
public sealed class SecretSettingTests : IDisposable
{
    private const string Value = "Kx9-secret-Kx9-secret";

    private readonly TemporaryFolder _folder = new();

    public static TheoryData<string> Secrets() => new(
    [
        .. KnownSettings.Global.Where(setting => setting.IsSecret).Select(setting => setting.Name),
        .. KnownSettings.ScepProfile.Where(setting => setting.IsSecret).SelectMany(setting => new[]
        {
            EndpointNaming.Scep.FlatPrefix + setting.Name, EndpointNaming.Scep.PrefixOf("corp") + setting.Name,
        }),
    ]);

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void What_gives_access_is_a_secret()
    {
        Assert.Equal(
            ["CERTCTL_API_KEYS_NAMED", "CERTCTL_DATABASE_URL", "CERTCTL_KEY_PASSPHRASE", "CERTCTL_METRICS_TOKEN",
             "CERTCTL_OIDC_CLIENT_SECRET"],
            KnownSettings.Global.Where(setting => setting.IsSecret).Select(setting => setting.Name).Order());
        Assert.Equal(
            ["CHALLENGE_PASSWORD", "CHALLENGE_PASSWORD_PREVIOUS", "COMPLIANCE_BEARER_TOKEN"],
            KnownSettings.ScepProfile.Where(setting => setting.IsSecret).Select(setting => setting.Name));
        Assert.Equal(
            ["COMPLIANCE_BEARER_TOKEN", "ENROLLMENT_PASSWORD", "ENROLLMENT_PASSWORD_PREVIOUS", "SERVERKEYGEN_SHARED_KEYS"],
            KnownSettings.EstProfile.Where(setting => setting.IsSecret).Select(setting => setting.Name).Order());
    }

    [Theory]
    [MemberData(nameof(Secrets))]
    public void A_secret_comes_from_a_file_as_well(string name)
    {
        var text = name switch
        {
            "CERTCTL_DATABASE_URL" => $"postgres://u:{Value}@db/certctl",
            "CERTCTL_API_KEYS_NAMED" => $"alice:{Value}-{Value}",
            _ => Value,
        };

        var reading = Base(name).With(name, null).With(name + "_FILE", Place(text + "\n")).Reading();

        Assert.Empty(reading.Problems);
        Assert.Empty(reading.Warnings);
        Assert.Contains(Value, Told(reading.Options!, name), StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Secrets))]
    public void Both_forms_of_one_secret_are_a_problem(string name)
    {
        var problem = Base(name).With(name, Value).With(name + "_FILE", Place(Value)).Problem();

        Assert.StartsWith($"{name} and {name}_FILE are both set; set one.", problem, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Secrets))]
    public void A_file_that_is_not_there_is_named_with_its_variable_and_nothing_else_is_said_of_the_secret(string name)
    {
        var problem = Base(name).With(name, null).With(name + "_FILE", _folder["absent"]).Problem();

        Assert.StartsWith($"{name}_FILE: {_folder["absent"]} cannot be read", problem, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("", "is empty.")]
    [InlineData("\n", "is empty.")]
    [InlineData("abc\0defghijk", "holds a NUL.")]
    [InlineData("a challenge for you\n\n", "has an empty line or a stray line end before or after the secret.")]
    [InlineData("a challenge for you\r\n\r\n", "has an empty line or a stray line end before or after the secret.")]
    [InlineData("\na challenge for you\n", "has an empty line or a stray line end before or after the secret.")]
    public void A_file_without_a_secret_or_with_more_than_one_line_end_is_a_problem(string content, string expected)
    {
        var path = Place(content);

        Assert.StartsWith($"CERTCTL_SCEP_CHALLENGE_PASSWORD_FILE: {path} {expected}", FileProblem(path), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("utf-16", "is UTF-16, as Windows writes it.")]
    [InlineData("utf-16BE", "is UTF-16, as Windows writes it.")]
    [InlineData("latin1", "is not UTF-8 text.")]
    public void A_file_in_another_encoding_is_told_so(string encoding, string expected)
    {
        var octets = System.Text.Encoding.GetEncoding(encoding).GetBytes("ein Paßwort für alle");
        foreach (var marked in new[] { false, true })
        {
            var path = Place("");
            byte[] mark = encoding switch { "utf-16" => [0xFF, 0xFE], "utf-16BE" => [0xFE, 0xFF], _ => [] };
            File.WriteAllBytes(path, marked ? [.. mark, .. octets] : octets);

            Assert.StartsWith($"CERTCTL_SCEP_CHALLENGE_PASSWORD_FILE: {path} {expected}", FileProblem(path), StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("/dev/zero", "is larger than 64 KiB")]
    [InlineData("/tmp", "is a folder")]
    public void What_is_no_file_of_a_secret_is_not_read_to_its_end(string path, string expected) =>
        Assert.Contains(expected, FileProblem(path), StringComparison.Ordinal);

    [Theory]
    [InlineData("a challenge for you\n", "a challenge for you")]
    [InlineData("a challenge for you\r\n", "a challenge for you")]
    [InlineData("\uFEFFa challenge for you\n", "a challenge for you")]
    public void One_line_end_and_a_mark_of_UTF8_belong_to_the_editor(string content, string expected)
    {
        var options = Settings.Complete().With("CERTCTL_SCEP_CHALLENGE_PASSWORD", null)
            .With("CERTCTL_SCEP_CHALLENGE_PASSWORD_FILE", Place(content)).Options();

        Assert.Equal(expected, options.ScepProfiles[0].Challenge!.Reveal());
    }

    [Theory]
    [InlineData(" a challenge for you")]
    [InlineData("a challenge for you ")]
    [InlineData("a challenge for you\t")]
    public void Blanks_around_a_secret_are_part_of_it_and_warned_about(string secret)
    {
        var reading = Settings.Complete().With("CERTCTL_SCEP_CHALLENGE_PASSWORD", null)
            .With("CERTCTL_SCEP_CHALLENGE_PASSWORD_FILE", Place(secret + "\n")).Reading();

        Assert.StartsWith(
            "CERTCTL_SCEP_CHALLENGE_PASSWORD_FILE: the secret begins or ends with a blank",
            Assert.Single(reading.Warnings),
            StringComparison.Ordinal);
        Assert.Equal(secret, reading.Options!.ScepProfiles[0].Challenge!.Reveal());
    }

    [Theory]
    [InlineData("CERTCTL_SCEP_CHALLENGE_PASSWORD", "\"a challenge for you\"")]
    [InlineData("CERTCTL_SCEP_CHALLENGE_PASSWORD", "'a challenge for you'")]
    [InlineData("CERTCTL_CA_CERT_PATH", "\"/keys/ca.crt\"")]
    [InlineData("CERTCTL_SERVER_PORT", "'8443'")]
    public void Quotes_that_no_shell_took_away_are_a_problem_that_tells_nothing_of_the_value(string name, string value)
    {
        var problem = Assert.Single(
            Settings.Complete().With(name, value).Reading().Problems,
            problem => problem.StartsWith(name + ": the value stands in quotes", StringComparison.Ordinal));

        Assert.DoesNotContain(value.Trim('"', '\''), problem, StringComparison.Ordinal);
    }

    private static string FileProblem(string path) =>
        Settings.Complete().With("CERTCTL_SCEP_CHALLENGE_PASSWORD", null).With("CERTCTL_SCEP_CHALLENGE_PASSWORD_FILE", path).Problem();

    [Theory]
    [InlineData(UnixFileMode.GroupRead, "its group")]
    [InlineData(UnixFileMode.OtherRead, "others")]
    [InlineData(UnixFileMode.OtherWrite, "others")]
    public void A_file_that_is_open_to_others_is_warned_about(UnixFileMode open, string whom)
    {
        var path = Place(Value);
        File.SetUnixFileMode(path, File.GetUnixFileMode(path) | open);

        var reading = Settings.Complete().With("CERTCTL_KEY_PASSPHRASE_FILE", path).Reading();

        Assert.Equal(
            $"CERTCTL_KEY_PASSPHRASE_FILE: {path} can be read by {whom}; run: chmod 600 '{path}'", Assert.Single(reading.Warnings));
        Assert.Equal(Value, reading.Options!.KeyPassphrase!.Reveal());
    }

    [Fact]
    public void Whatever_is_wrong_no_secret_is_told()
    {
        // A challenge that is too short, a database URL that is none, and secrets under names that do not exist.
        var environment = Settings.Complete()
            .With("CERTCTL_SCEP_CHALLENGE_PASSWORD", "Kx9-s")
            .With("CERTCTL_SCEP_CHALLENGE_PASSWORD_PREVIOUS", "Kx9-t")
            .With("CERTCTL_DATABASE_URL", "postgre://u:Kx9-secret@db/certctl")
            .With("CERTCTL_KEY_PASSPHRASE", "Kx9-pass")
            .With("CERTCTL_KEY_PASSPHRASE_FILE", Place("Kx9-file"))
            .With("CERTCTL_SCEP_CHALENGE_PASSWORD", "Kx9-typo")
            .With("CERTCTL_SCEP_PROFILE_IOT_CHALLENGE_PASSWORD", "Kx9-astray");

        var reading = environment.Reading();

        Assert.Equal(6, reading.Problems.Count);
        Assert.DoesNotContain(reading.Problems.Concat(reading.Warnings), text => text.Contains("Kx9", StringComparison.Ordinal));
    }

    [Fact]
    public void The_options_do_not_print_their_secrets()
    {
        var environment = Settings.Complete()
            .With("CERTCTL_SCEP_CHALLENGE_PASSWORD", Value)
            .With("CERTCTL_SCEP_CHALLENGE_PASSWORD_PREVIOUS", Value + " before")
            .With("CERTCTL_DATABASE_URL", $"postgres://u:{Value}@db/certctl")
            .With("CERTCTL_KEY_PASSPHRASE", Value);

        var options = environment.Options();

        Assert.DoesNotContain(Value, $"{options} {options.Database} {options.ScepProfiles[0]}", StringComparison.Ordinal);
    }

    private static Dictionary<string, string> Base(string name)
    {
        var settings = name.StartsWith(EndpointNaming.Scep.ProfilePrefix, StringComparison.Ordinal)
            ? Settings.Structured() : Settings.Complete();
        if (name == "CERTCTL_METRICS_TOKEN")
            return settings.With("CERTCTL_METRICS_ENABLED", "true");
        if (name == "CERTCTL_OIDC_CLIENT_SECRET")
            return settings.WithOidc();
        return name.EndsWith("COMPLIANCE_BEARER_TOKEN", StringComparison.Ordinal)
            ? settings.With(name.Replace("BEARER_TOKEN", "URL", StringComparison.Ordinal), "https://compliance.example/")
            : settings;
    }

    private static string Told(CertctlOptions options, string name) => name switch
    {
        "CERTCTL_DATABASE_URL" => options.Database.ConnectionString.Reveal(),
        "CERTCTL_API_KEYS_NAMED" => options.Api.Keys[0].Key.Reveal(),
        "CERTCTL_METRICS_TOKEN" => options.Telemetry.Token!.Reveal(),
        "CERTCTL_OIDC_CLIENT_SECRET" => options.Api.Oidc!.Client!.Secret!.Reveal(),
        "CERTCTL_KEY_PASSPHRASE" => options.KeyPassphrase!.Reveal(),
        _ when name.EndsWith("COMPLIANCE_BEARER_TOKEN", StringComparison.Ordinal) =>
            options.ScepProfiles[0].Compliance!.BearerToken!.Reveal(),
        _ when name.EndsWith("_PREVIOUS", StringComparison.Ordinal) => options.ScepProfiles[0].PreviousChallenge!.Reveal(),
        _ => options.ScepProfiles[0].Challenge!.Reveal(),
    };

    private string Place(string content)
    {
        var path = _folder[Guid.NewGuid().ToString("N")];
        File.WriteAllText(path, content);
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        return path;
    }
}
