using Certctl.Application.Enrolments;
using Certctl.Domain.Audit;
using Certctl.Domain.Certificates;
using Certctl.Domain.Profiles;
using Certctl.Infrastructure.Persistence.Mapping;
using Microsoft.EntityFrameworkCore;
using Xunit;

namespace Certctl.Tests.Infrastructure.Persistence.Repositories;

public sealed class PostgresEfCertificateProfileRepositoryTests(PostgresDatabases databases)
    : EfCertificateProfileRepositoryTests(databases), IClassFixture<PostgresDatabases>;

public sealed class SqliteEfCertificateProfileRepositoryTests(SqliteDatabases databases)
    : EfCertificateProfileRepositoryTests(databases), IClassFixture<SqliteDatabases>;

public abstract class EfCertificateProfileRepositoryTests(IDatabases databases) : PersistenceTests(databases)
{
    private static readonly DateTimeOffset Now = TestDatabase.Start;

    [Fact]
    public async Task A_profile_reads_back_with_every_field()
    {
        if (!IsAvailable)
            return;
        await using var database = await OpenAsync();
        var profile = Profile("vpn", "VPN", enabled: true);

        Assert.Equal(new ProfileSaving.Saved(1), await database.Profiles.SaveAsync(profile, 0, Saved, default));

        Assert.Equal(["VPN"], await database.Migrator.MissingProfilesAsync(["vpn", "VPN", "default"], null, default));
        var stored = await database.Profiles.FindAsync("vpn", fresh: true, default);
        Assert.Equal("VPN", stored!.Name);
        Assert.Equal("for gateways", stored.Description);
        Assert.Equal(profile.AllowedKeyAlgorithms, stored.AllowedKeyAlgorithms);
        Assert.Equal(86_400, stored.MaxTtlSeconds);
        Assert.Equal(["clientAuth", "serverAuth"], stored.AllowedEkus);
        Assert.Equal([@"^DNS:.*\.example$"], stored.RequiredSanPatterns);
        Assert.Equal("^spiffe://example/", stored.SpiffeUriPattern);
        Assert.True(stored.AllowShortLived);
        Assert.True(stored.MustStaple);
        Assert.Equal(["1.2.3.4"], stored.RequiredCsrAttributes);
        Assert.True(stored.RequiresApproval);
        Assert.Equal(["digitalSignature", "keyAgreement"], stored.Content.KeyUsage);
        Assert.Equal(["registeredId"], stored.Content.AdditionalSanKinds);
        Assert.True(stored.Content.ExtendedKeyUsageIsCritical && stored.Content.AllowDnsUnderscore
            && stored.Content.DropBlankNames && stored.Content.AllowRequestedValidity);
        Assert.Equal(
            ("CN={{csr.cn}}", "{{csr.sans}}"), (Assert.Single(stored.Content.SubjectTemplate), Assert.Single(stored.Content.SanTemplate)));
        Assert.True(stored.Enabled);
        Assert.Equal(1, stored.Version);
        Assert.Equal(Stored.Time(Now), stored.CreatedAt);
        Assert.Equal(Stored.Time(Now), stored.UpdatedAt);
        await using var db = database.Open();
        Assert.Equal(AuditAction.ProfileSaved, Assert.Single(await db.AuditEvents.ToListAsync()).Action);
    }

    [Fact]
    public async Task A_deleted_profile_leaves_its_version_and_a_new_one_of_its_id_must_go_on_from_there()
    {
        if (!IsAvailable)
            return;
        await using var database = await OpenAsync();
        for (var version = 1; version <= 3; version += 2)
        {
            var told = 0;
            var saved = await database.Profiles.SaveAsync(Profile("vpn", "VPN", enabled: true), 0, next => Saved(told = next), default);
            Assert.Equal((new ProfileSaving.Saved(version), version), (saved, told));
            Assert.Equal(version, (await database.Profiles.FindAsync("vpn", fresh: true, default))!.Version);
            Assert.Equal(
                new ProfileSaving.Saved(version + 1),
                await database.Profiles.SaveAsync(Profile("vpn", "VPN", enabled: true), version, Saved, default));
            Assert.Equal(ProfileDeletion.Deleted, await database.Profiles.DeleteAsync("vpn", version + 1, Saved(), default));

            // Version 1 was another rule: what was read then is stale for ever.
            Assert.Equal(
                new ProfileSaving.ChangedMeanwhile(),
                await database.Profiles.SaveAsync(Profile("vpn", "VPN", enabled: true), 1, Saved, default));
            Assert.Null(await database.Profiles.FindAsync("vpn", fresh: true, default));
        }
    }

    [Fact]
    public async Task Each_save_counts_the_version_up_and_a_stale_one_is_refused_without_a_trace()
    {
        if (!IsAvailable)
            return;
        await using var database = await OpenAsync();
        await database.Profiles.SaveAsync(Profile("vpn", "VPN", enabled: true), 0, Saved, default);

        Assert.Equal(
            new ProfileSaving.Saved(2), await database.Profiles.SaveAsync(Profile("vpn", "VPN 2", enabled: false), 1, Saved, default));
        Assert.Equal(
            new ProfileSaving.ChangedMeanwhile(),
            await database.Profiles.SaveAsync(Profile("vpn", "VPN 3", enabled: true), 1, Saved, default));
        Assert.Equal(
            new ProfileSaving.ChangedMeanwhile(),
            await database.Profiles.SaveAsync(Profile("vpn", "VPN 4", enabled: true), 0, Saved, default));
        Assert.Equal(
            new ProfileSaving.ChangedMeanwhile(),
            await database.Profiles.SaveAsync(Profile("new", "New", enabled: true), 1, Saved, default));

        var stored = await database.Profiles.FindAsync("vpn", fresh: true, default);
        Assert.Equal(("VPN 2", false, 2), (stored!.Name, stored.Enabled, stored.Version));
        await using var db = database.Open();
        Assert.Equal(2, await db.AuditEvents.CountAsync());
    }

    [Fact]
    public async Task It_is_deleted_as_seen_and_unused_and_in_no_other_case()
    {
        if (!IsAvailable)
            return;
        await using var database = await OpenAsync();
        var entry = TestEntries.Issued(Now);
        await database.Profiles.SaveAsync(Profile("vpn", "VPN", enabled: true), 0, Saved, default);
        await database.Profiles.SaveAsync(Profile(entry.Certificate!.ProfileId, "in use", enabled: true), 0, Saved, default);
        await database.Journal.CommitAsync(entry, default);
        var deleted = Saved() with { Id = Guid.CreateVersion7(), Action = AuditAction.ProfileDeleted };

        Assert.Equal(ProfileDeletion.ChangedMeanwhile, await database.Profiles.DeleteAsync("vpn", 2, deleted, default));
        Assert.Equal(ProfileDeletion.ChangedMeanwhile, await database.Profiles.DeleteAsync("nothing", 1, deleted, default));
        Assert.Equal(ProfileDeletion.InUse, await database.Profiles.DeleteAsync(entry.Certificate.ProfileId, 1, deleted, default));
        Assert.NotNull(await database.Profiles.FindAsync(entry.Certificate.ProfileId, fresh: true, default));
        Assert.NotNull(await database.Profiles.FindAsync("vpn", fresh: true, default));
        await using var db = database.Open();
        Assert.Equal(0, await db.AuditEvents.CountAsync(audit => audit.Action == AuditAction.ProfileDeleted));

        Assert.Equal(ProfileDeletion.Deleted, await database.Profiles.DeleteAsync("vpn", 1, deleted, default));
        Assert.Null(await database.Profiles.FindAsync("vpn", fresh: false, default));
        Assert.Equal(1, await db.AuditEvents.CountAsync(audit => audit.Action == AuditAction.ProfileDeleted));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public async Task Of_many_saves_of_one_version_one_wins(int expectedVersion)
    {
        if (!IsAvailable)
            return;
        await using var database = await OpenAsync();
        if (expectedVersion == 1)
            await database.Profiles.SaveAsync(Profile("vpn", "VPN", enabled: true), 0, Saved, default);

        var saved = await Task.WhenAll(Enumerable.Range(0, 10).Select(i =>
            Task.Run(() => database.Profiles.SaveAsync(Profile("vpn", $"VPN {i}", enabled: true), expectedVersion, Saved, default))));

        var winner = Assert.Single(Enumerable.Range(0, 10), i => saved[i] is ProfileSaving.Saved);
        var stored = await database.Profiles.FindAsync("vpn", fresh: true, default);
        Assert.Equal(($"VPN {winner}", expectedVersion + 1), (stored!.Name, stored.Version));
    }

    [Fact]
    public async Task A_name_that_another_profile_has_is_refused()
    {
        if (!IsAvailable)
            return;
        await using var database = await OpenAsync();
        await database.Profiles.SaveAsync(Profile("vpn", "VPN", enabled: true), 0, Saved, default);
        Assert.Equal(
            new ProfileSaving.NameTaken(), await database.Profiles.SaveAsync(Profile("other", "VPN", enabled: true), 0, Saved, default));
        Assert.Null(await database.Profiles.FindAsync("other", fresh: true, default));
    }

    [Fact]
    public async Task Another_process_change_is_seen_after_two_seconds_or_at_once_when_asked_freshly()
    {
        if (!IsAvailable)
            return;
        await using var first = await OpenAsync();
        await using var second = OpenBeside(first);
        Assert.True((await first.Profiles.FindAsync("default", fresh: false, default))!.Enabled);
        await second.Profiles.SaveAsync(Profile("default", "Default", enabled: false), 1, Saved, default);

        first.Clock.Advance(TimeSpan.FromSeconds(1.9));
        Assert.True((await first.Profiles.FindAsync("default", fresh: false, default))!.Enabled);
        first.Clock.Advance(TimeSpan.FromSeconds(0.1));
        Assert.False((await first.Profiles.FindAsync("default", fresh: false, default))!.Enabled);

        await second.Profiles.SaveAsync(Profile("default", "Default", enabled: true), 2, Saved, default);
        Assert.True((await first.Profiles.FindAsync("default", fresh: true, default))!.Enabled);
        Assert.True((await first.Profiles.FindAsync("default", fresh: false, default))!.Enabled);
    }

    [Fact]
    public async Task Our_own_change_is_seen_at_once()
    {
        if (!IsAvailable)
            return;
        await using var database = await OpenAsync();
        await database.Profiles.FindAsync("default", fresh: false, default);
        await database.Profiles.SaveAsync(Profile("default", "Default", enabled: false), 1, Saved, default);
        Assert.False((await database.Profiles.FindAsync("default", fresh: false, default))!.Enabled);
    }

    [Fact]
    public async Task The_list_is_in_the_order_of_names_and_the_unknown_is_null()
    {
        if (!IsAvailable)
            return;
        await using var database = await OpenAsync();
        await database.Profiles.SaveAsync(Profile("b", "Beta", enabled: true), 0, Saved, default);
        await database.Profiles.SaveAsync(Profile("a", "Alpha", enabled: true), 0, Saved, default);

        Assert.Equal(["a", "b", "default"], (await database.Profiles.ListAsync(default)).Select(profile => profile.Id));
        Assert.Null(await database.Profiles.FindAsync("unknown", fresh: false, default));
    }

    [Fact]
    public void Rules_that_say_nothing_new_are_stored_as_nothing_and_unknown_ones_are_not_ignored()
    {
        Assert.Equal("{}", Stored.Content(new ContentRules()));
        Assert.Equal("""{"drop_blank_names":true}""", Stored.Content(new ContentRules { DropBlankNames = true }));
        Assert.Equal(Stored.Content(ContentRules.Default), Stored.Content(Stored.Content("{}")));
        Assert.Throws<System.Text.Json.JsonException>(() => Stored.Content("""{"only_on_mondays":true}"""));
    }

    private static AuditEvent Saved(int version = 0) => new()
    {
        Id = Guid.CreateVersion7(Now),
        Timestamp = Now,
        Actor = "olga",
        ActorType = "User",
        Action = AuditAction.ProfileSaved,
        Outcome = AuditOutcome.Done,
        ResourceType = "profile",
        ResourceId = "vpn",
    };

    private static CertificateProfile Profile(string id, string name, bool enabled) => new()
    {
        Id = id,
        Name = name,
        Description = "for gateways",
        AllowedKeyAlgorithms = [new(KeyAlgorithm.Rsa, 3072), new(KeyAlgorithm.Ecdsa, 384), new(KeyAlgorithm.Ed25519, 0)],
        MaxTtlSeconds = 86_400,
        AllowedEkus = ["clientAuth", "serverAuth"],
        RequiredSanPatterns = [@"^DNS:.*\.example$"],
        SpiffeUriPattern = "^spiffe://example/",
        AllowShortLived = true,
        MustStaple = true,
        RequiredCsrAttributes = ["1.2.3.4"],
        RequiresApproval = true,
        Content = new()
        {
            KeyUsage = ["digitalSignature", "keyAgreement"],
            ExtendedKeyUsageIsCritical = true,
            AdditionalSanKinds = ["registeredId"],
            AllowDnsUnderscore = true,
            DropBlankNames = true,
            SubjectTemplate = ["CN={{csr.cn}}"],
            SanTemplate = ["{{csr.sans}}"],
            AllowRequestedValidity = true,
        },
        Enabled = enabled,
        Version = 99,
        CreatedAt = Now,
        UpdatedAt = Now,
    };
}
