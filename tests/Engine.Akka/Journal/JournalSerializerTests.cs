using System.Runtime.Serialization;
using System.Text;
using FitCluster.Messages;
using Xunit;

namespace FitCluster.Engine.Tests.Clustered.Journal;

/// <summary>What is in a journal has to be read by every later program: these texts are not to change.</summary>
public sealed class JournalSerializerTests
{
    private static readonly DateTimeOffset Time = new(2026, 12, 1, 2, 3, 4, 567, TimeSpan.Zero);

    private static readonly CheckpointManifest Manifest = new(
        new JobName("j"), new Attempt(2), new Round(30), "s", "d", 1, [new CheckpointPart(new ShardId(0), new Attempt(1), "c0ffee", 80)]);

    public static TheoryData<string, string> Forms => new()
    {
        { "claimed.1", """{"Attempt":3,"Restarts":1,"Node":"n1","Time":"2026-12-01T02:03:04.567+00:00"}""" },
        {
            "checkpoint.1",
            """{"Job":"j","Attempt":2,"Round":30,"SpecHash":"s","DataHash":"d","Shards":1""" +
            ""","Parts":[{"Shard":0,"Attempt":1,"Checksum":"c0ffee","Bytes":80}],"Keep":2,"Resume":20}"""
        },
        { "noted.1", """{"Node":"n1","Words":"w\u0000","Time":"2026-12-01T02:03:04.567+00:00"}""" },
        { "ended.1", """{"Attempt":3,"State":"Stopped","Reason":"r","Time":"2026-12-01T02:03:04.567+00:00"}""" },
    };

    [Theory]
    [MemberData(nameof(Forms))]
    public void Every_form_is_written_as_it_always_was_and_read_back(string form, string text)
    {
        JobChange change = form switch
        {
            "claimed.1" => new JobChange.Claimed(new Attempt(3), 1, "n1", Time),
            "checkpoint.1" => new JobChange.Checkpoint(Manifest, 2, new Round(20)),
            "noted.1" => new JobChange.Noted("n1", "w\0", Time),
            _ => new JobChange.Ended(new Attempt(3), JobState.Stopped, "r", Time),
        };
        var serializer = new JournalSerializer(null!);
        Assert.Equal(form, serializer.Manifest(change));
        Assert.Equal(text, Encoding.UTF8.GetString(serializer.ToBinary(change)));
        var read = serializer.FromBinary(Encoding.UTF8.GetBytes(text), form);
        if (read is JobChange.Checkpoint made)
        {
            Assert.Equal(Manifest.Parts, made.Manifest.Parts);
            read = made with { Manifest = made.Manifest with { Parts = Manifest.Parts } };
        }

        Assert.Equal(change, read);
    }

    [Fact]
    public void A_password_of_any_characters_reaches_the_database()
    {
        var connection = "Host=h;Password=\"a'b\\${x}\\n;#é\"";
        var settings = JournalSettings.Of(new JournalDatabase("PostgreSQL.15", connection, "fitcluster"));
        Assert.Equal(connection, settings.GetString("akka.persistence.journal.sql.connection-string"));
        Assert.DoesNotContain("a'b", new JournalDatabase("p", connection, "").ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void What_a_newer_program_wrote_and_what_is_damaged_is_not_guessed_at()
    {
        var serializer = new JournalSerializer(null!);
        Assert.Contains(
            "newer program", Assert.Throws<SerializationException>(() => serializer.FromBinary("{}"u8.ToArray(), "claimed.2")).Message,
            StringComparison.Ordinal);
        Assert.Throws<SerializationException>(() => serializer.FromBinary("nul"u8.ToArray(), "noted.1"));
        Assert.Throws<SerializationException>(() => serializer.Manifest("text"));
    }
}
