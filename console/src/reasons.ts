/** What nodes say of themselves and of a request, in the reader's language. What is not known here is shown as it is. */
import { t } from "@/i18n";

const NAME = "'?(?<name>[^']*?)'?";
/** A text of the node, and the message that says the same (reasons.<key>). Named groups are its values. */
const KNOWN: [RegExp, string][] = [
  [/^no leader: (?<up>\d+) of (?<all>\d+) nodes are connected$/, "noLeader"],
  [/^no leader$/, "noLeaderKnown"],
  [/^no leader, and too many registrations wait for one$/, "tooManyWait"],
  [/^the log was lost and is being fetched from the leader$/, "logLost"],
  [/^the log is not applied yet since the start$/, "notApplied"],
  [/^(?<count>\d+) log entries behind the leader$/, "behind"],
  [/^the node is stopping(?: and knows no leader)?$/, "stopping"],
  [/^the node stops$/, "stopping"],
  [/^it says that it is (?<state>\w+)$/, "saysItIs"],
  [/^the configs are still being read from the database$/, "readingDatabase"],
  [/^this node is still reading the configs, please try later$/, "readingConfigs"],
  [/^the content is not at hand, please try later$/, "notAtHand"],
  [/^the database is being connected to$/, "connecting"],
  [/^the database is not available$/, "databaseAway"],
  [/^the database is read-only$/, "readOnly"],
  [/^no database takes writes: all are read-only or down$/, "allReadOnly"],
  [/^DOWN:master db \((?<host>.*)\) down\.$/, "masterDown"],
  [/^WARN:slave db \((?<host>.*)\) down\.$/, "otherDown"],
  [/^users and their rights are not known yet$/, "usersUnknown"],
  [/^the nodes have not agreed on a key for tokens yet$/, "noKey"],
  [/^the first administrator is being made$/, "administratorComes"],
  [/^the password of nacos is being looked at, try again$/, "tryAgain"],
  [/^the default password is refused here, set another one!$/, "defaultPassword"],
  [/^authorization failed!$/, "notAllowed"],
  [/^too many logins at a time, try again later$/, "tooManyLogins"],
  [/^too many failed logins, try again later$/, "tooManyFailures"],
  [/^the LDAP directory cannot be asked, try again later$/, "ldapAway"],
  [/^the LDAP directory is too slow, try again later$/, "ldapSlow"],
  [/^too many writes are waiting, try again later$/, "tooManyWrites"],
  [/^too many archives are being imported$/, "tooManyImports"],
  [/^too many clients listen on this node$/, "tooManyListeners"],
  [/^no majority confirmed the write in time; it may still be applied later$/, "unconfirmed"],
  [/^this node fell behind and does not know what became of the write; it may have been applied$/, "unconfirmed"],
  [/^(?<reason>.+); the write may be applied later$/, "mayBeApplied"],
  [/^the connection was lost before the answer came$/, "connectionLost"],
  [/^no answer within (?<seconds>[\d.]+) s$/, "noAnswer"],
  [/^the config is being written and removed at the same time, try later$/, "bothWritten"],
  [/^Exceeded the maximum number of configurations in the cluster$/, "quotaCluster"],
  [/^Exceeded the maximum number of configurations in this group$/, "quotaGroup"],
  [/^Exceeded the maximum number of configurations for this namespaceId$/, "quotaNamespace"],
  [/^Exceeded the maximum size limit of the configuration content$/, "quotaSize"],
  [/^invalid content, over (?<limit>\d+)$/, "contentTooLong"],
  [/^invalid dataId : (?<name>.*)$/s, "badDataId"],
  [/^invalid group : (?<name>.*)$/s, "badGroup"],
  [/^too long (?<what>[\w ]+), over (?<limit>\d+)$/, "tooLong"],
  [/^invalid tag : (?<name>.*)$/s, "badTag"],
  [/^too much config_tags, over (?<limit>\d+)$/, "manyTags"],
  [/^the contents of this page are more than (?<bytes>\d+) bytes, ask for a smaller pageSize$/, "largePage"],
  [/^namespaceId \[ (?<name>.*) \] not exist$/s, "noNamespace"],
  [new RegExp(`^user ${NAME} already exist!$`, "s"), "userExists"],
  [new RegExp(`^user ${NAME} not (?:exist|found)!$`, "s"), "noUser"],
  [/^user (?<name>.*) has its password in LDAP!$/s, "passwordInLdap"],
  [/^user '(?<name>.*)' already bound to the role '(?<role>.*)'!$/s, "roleBound"],
  [/^role (?<name>.*) not found!$/s, "noRole"],
  [/^role '(?<name>.*)' is not permitted to create!$/s, "roleNotAllowed"],
  [/^cannot delete admin: (?<name>.*)$/s, "administratorStays"],
  [/^cannot delete the role of the last administrator$/, "lastAdministrator"],
  [/^the password is longer than (?<limit>\d+) bytes$/, "passwordTooLong"],
  [/^the password is empty$/, "passwordEmpty"],
  [/^(?<what>\w+) holds a control character$/, "controlCharacter"],
  [/^specified service (?<name>.*) already exists!$/s, "serviceExists"],
  [/^service (?<name>.*?) (?:is )?not found!$/s, "noService"],
  [/^service not found: ?(?<name>.*)$/s, "noService"],
  [/^Service (?<name>.*) is not empty, can't be delete\. Please unregister instance first$/s, "serviceNotEmpty"],
  [/^cluster (?<name>.*) is not found!$/s, "noCluster"],
  [/^Param 'Metadata' is illegal, the param length should not exceed (?<limit>\d+)\.$/, "metadataTooLong"],
  [/^Selector parses failed: parse expression failed!$/, "badSelector"],
  [/^entries that are no text in UTF-8$/, "noText"],
  [/^entries share bytes$/, "archiveUnsafe"],
  [/^(?:the archive|an entry) unpacks to too much$/, "archiveTooLarge"],
  [/^more than (?<count>\d+) entries$/, "archiveEntries"],
];

/** A text of the node in the reader's language. */
export function translated(text: string): string {
  const said = text.trim();
  for (const [pattern, key] of KNOWN) {
    const found = pattern.exec(said);
    if (!found) continue;
    const values: Record<string, string> = { ...found.groups };
    if (values.reason) values.reason = translated(values.reason);
    return t(`reasons.${key}`, values, values.count === undefined ? undefined : Number(values.count));
  }
  return text;
}

/** The keys of all messages that stand for a text of the node. */
export const REASONS = [...new Set(KNOWN.map(([, key]) => key))];
