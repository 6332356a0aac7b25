using Certctl.Api.Configuration;
using Certctl.Tests.Architecture;
using Xunit;

namespace Certctl.Tests.Api.Configuration;

/// <summary>
/// What CONTRIBUTING.md promises: a setting is declared once, and its parsing, its bounds, its row in the documentation and the search for
/// misspelt names follow from that. The settings here are declared here alone.
/// </summary>
public sealed class SettingDeclarationTests
{
    private static readonly SettingGroup Group = new();
    private static readonly SettingGroup OfProfile = new(isOfProfile: true);

    private static readonly DefaultedSetting<int> Cups =
        Group.Add("CERTCTL_COFFEE_CUPS", SettingType.Integer(1, 12), 4, "Cups a day.");

    private static readonly SecretSetting Recipe = Group.AddSecret("CERTCTL_COFFEE_RECIPE", "How it is made.", minLength: 8);

    private static readonly DefaultedSetting<TimeSpan> Break = OfProfile.Add(
        "COFFEE_BREAK", SettingType.Duration(TimeSpan.FromMinutes(1), TimeSpan.FromHours(2)), TimeSpan.FromMinutes(15), "How long.");

    private static readonly Setting<IReadOnlyList<int>> Hours = OfProfile.Add(
        "COFFEE_HOURS", SettingType.List(SettingType.Integer(0, 23)), "When.");

    [Theory]
    [InlineData(null, 4)]
    [InlineData("", 4)]
    [InlineData(" 12 ", 12)]
    public void Its_value_is_what_is_set_or_the_default(string? text, int expected)
    {
        var values = Values(Cups.Name, text);

        Assert.Equal(expected, values.Read(Cups));
        Assert.Empty(values.Problems);
    }

    [Theory]
    [InlineData("0")]
    [InlineData("13")]
    [InlineData("many")]
    public void A_value_outside_its_bounds_is_a_problem_that_says_them(string text)
    {
        var values = Values(Cups.Name, text);

        Assert.Equal(4, values.Read(Cups));
        Assert.Equal([$"CERTCTL_COFFEE_CUPS: \"{text}\" is not a whole number from 1 to 12."], values.Problems);
    }

    [Fact]
    public void A_setting_of_profiles_is_read_under_the_name_of_each()
    {
        var values = Values("CERTCTL_SCEP_PROFILE_CORP_COFFEE_BREAK", "3h").OfProfile("CERTCTL_SCEP_PROFILE_CORP_");

        Assert.Equal(TimeSpan.FromMinutes(15), values.Read(Break));
        Assert.Equal(["CERTCTL_SCEP_PROFILE_CORP_COFFEE_BREAK: \"3h\" is not a duration from 1m to 2h."], values.Problems);
        Assert.Throws<InvalidOperationException>(() => Values(Cups.Name, "1").Read(Break));
    }

    [Fact]
    public void Each_item_of_a_list_keeps_to_the_bounds_and_the_others_are_taken()
    {
        var values = Values("CERTCTL_SCEP_COFFEE_HOURS", "9, 24,,late,15").OfProfile(EndpointNaming.Scep.FlatPrefix);

        Assert.Equal([9, 15], values.Read(Hours));
        Assert.Equal(
            [
                "CERTCTL_SCEP_COFFEE_HOURS: \"24\" is not a whole number from 0 to 23.",
                "CERTCTL_SCEP_COFFEE_HOURS: \"late\" is not a whole number from 0 to 23.",
            ],
            values.Problems);
    }

    [Fact]
    public void A_secret_that_is_too_short_is_a_problem_that_does_not_repeat_it()
    {
        var values = Values(Recipe.Name, "hot");

        values.Read(Recipe);

        var problem = Assert.Single(values.Problems);
        Assert.StartsWith("CERTCTL_COFFEE_RECIPE: has fewer than 8 characters; make one with:", problem, StringComparison.Ordinal);
        Assert.DoesNotContain("hot", problem, StringComparison.Ordinal);
    }

    [Fact]
    public void Its_row_in_the_documentation_shows_default_and_bounds()
    {
        Assert.Equal("| `CERTCTL_COFFEE_CUPS` | `4` | 1 to 12 | Cups a day. |", ConfigurationDocsTests.Row(Cups));
        Assert.Equal("| `COFFEE_BREAK` | `15m` | 1m to 2h | How long. |", ConfigurationDocsTests.Row(Break));
        Assert.Equal("| `COFFEE_HOURS` |  | list: 0 to 23 | When. |", ConfigurationDocsTests.Row(Hours));
        Assert.Equal(
            "| `CERTCTL_COFFEE_RECIPE`, `CERTCTL_COFFEE_RECIPE_FILE` |  | at least 8 characters | How it is made. |",
            ConfigurationDocsTests.Row(Recipe));
    }

    [Theory]
    [InlineData("CERTCTL_COFFEE_CUPS", null)]
    [InlineData("CERTCTL_COFFEE_RECIPE_FILE", null)]
    [InlineData("CERTCTL_SCEP_PROFILE_CORP_COFFEE_BREAK", null)]
    [InlineData("CERTCTL_COFFE_CUPS", "is unknown; did you mean CERTCTL_COFFEE_CUPS?")]
    [InlineData("CERTCTL_COFFEE_CUPS_FILE", "names a file, but CERTCTL_COFFEE_CUPS is no secret; set CERTCTL_COFFEE_CUPS itself.")]
    [InlineData("CERTCTL_SCEP_PROFILE_CORP_COFEE_BREAK", "is unknown; did you mean CERTCTL_SCEP_PROFILE_CORP_COFFEE_BREAK?")]
    public void Its_names_are_known_and_misspelt_ones_lead_to_them(string name, string? problem) => Assert.Equal(
        problem is null ? [] : [$"{name} {problem}"],
        UnknownNames.Find([name], new(["CORP"], []), [.. KnownSettings.Groups, Group, OfProfile]));

    [Fact]
    public void Every_group_of_the_product_is_known()
    {
        var declared = typeof(SettingGroup).Assembly.GetTypes()
            .SelectMany(type => type.GetFields().Where(field => field.IsStatic && field.FieldType == typeof(SettingGroup)))
            .Select(field => (SettingGroup)field.GetValue(null)!).ToList();

        Assert.NotEmpty(declared);
        Assert.Empty(declared.Except(KnownSettings.Groups));
    }

    private static SettingValues Values(string name, string? text) =>
        new([text is null ? new Dictionary<string, string>() : new Dictionary<string, string> { [name] = text }]);
}
