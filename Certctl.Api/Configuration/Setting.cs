namespace Certctl.Api.Configuration;

/// <summary>
/// The one declaration of a variable: parsing, docs/configuration.md, the search for misspelt names and <c>doctor</c> follow from it.
/// </summary>
/// <param name="Name">Full name; for a setting of profiles the suffix alone.</param>
/// <param name="Description">For the documentation: what it means. Default and allowed values are shown beside it.</param>
internal abstract record Setting(string Name, string Description)
{
    /// <summary>Each profile has it, under the profile's prefix.</summary>
    public bool IsOfProfile { get; init; }

    /// <summary>May be given as <c>NAME_FILE</c> instead; its value is never shown.</summary>
    public virtual bool IsSecret => false;

    /// <summary>The values that are taken, for the documentation; empty: the description says it.</summary>
    public abstract string Allowed { get; }

    /// <summary>As an operator would write it; null: none, or required.</summary>
    public virtual string? DefaultText => null;
}

/// <summary>A setting without a default: it is required, or means nothing when it is absent.</summary>
internal record Setting<T>(string Name, SettingType<T> Type, string Description) : Setting(Name, Description)
{
    public override string Allowed => Type.Allowed;
}

/// <summary>A setting that has <paramref name="Default"/> when it is absent.</summary>
internal sealed record DefaultedSetting<T>(string Name, SettingType<T> Type, T Default, string Description)
    : Setting<T>(Name, Type, Description)
{
    public override string? DefaultText => Type.Format(Default);
}

/// <summary>A setting whose value is never shown.</summary>
internal sealed record SecretSetting(string Name, string Description) : Setting(Name, Description)
{
    /// <summary>Characters; fewer are a problem.</summary>
    public int MinLength { get; init; }

    /// <summary>Fewer are a warning.</summary>
    public int AdvisedLength { get; init; }

    public override bool IsSecret => true;

    public override string Allowed => (MinLength, AdvisedLength) switch
    {
        (0, 0) => "",
        (0, _) => $"{AdvisedLength} characters advised",
        (_, 0) => $"at least {MinLength} characters",
        _ => $"at least {MinLength} characters, {AdvisedLength} advised",
    };
}

/// <summary>The settings of one subject, in the order of the documentation. To declare a setting is to add it here.</summary>
/// <param name="namings">Of the protocols whose profiles have them; SCEP's unless said otherwise.</param>
internal sealed class SettingGroup(bool isOfProfile = false, params IReadOnlyList<EndpointNaming> namings)
{
    private readonly List<Setting> _settings = [];

    public bool IsOfProfile => isOfProfile;

    /// <summary>Empty for settings that there are once.</summary>
    public IReadOnlyList<EndpointNaming> Namings => !isOfProfile || namings.Count > 0 ? namings : [EndpointNaming.Scep];

    public IReadOnlyList<Setting> Settings => _settings;

    public DefaultedSetting<T> Add<T>(string name, SettingType<T> type, T @default, string description) =>
        Add(new DefaultedSetting<T>(name, type, @default, description) { IsOfProfile = isOfProfile });

    public Setting<T> Add<T>(string name, SettingType<T> type, string description) =>
        Add(new Setting<T>(name, type, description) { IsOfProfile = isOfProfile });

    public SecretSetting AddSecret(string name, string description, int minLength = 0, int advisedLength = 0) => Add(
        new SecretSetting(name, description) { IsOfProfile = isOfProfile, MinLength = minLength, AdvisedLength = advisedLength });

    private TSetting Add<TSetting>(TSetting setting)
        where TSetting : Setting
    {
        _settings.Add(setting);
        return setting;
    }
}
