import common from "./common";
import login from "./login";
import config from "./config";
import history from "./history";
import service from "./service";
import cluster from "./cluster";
import connections from "./connections";
import namespace from "./namespace";
import auth from "./auth";
import settings from "./settings";
import ai from "./ai";
import reasons from "./reasons";

export default { common, login, config, history, service, cluster, connections, namespace, auth, settings, ai, reasons };
